import { createScheduleRequestSchema, scheduleSchema } from "@millrace/contract";
import { createSchedule, toScheduleJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/schedules */
export const createScheduleRoute: Route = {
  method: "post",
  path: "/v1/schedules",
  scope: "jobs:write",
  operationId: "createSchedule",
  tag: "schedules",
  summary: "Make a schedule",
  description:
    "`cron` has 5 fields (minute, hour, day of month, month, day of week), 6 with seconds first, or is a name such as `@daily`; `timeZone` is an IANA name. Each tick enqueues one job, tagged `schedule:<name>`.",
  body: { schema: createScheduleRequestSchema, required: true },
  answers: {
    201: {
      description: "The schedule.",
      schema: scheduleSchema,
      headers: { Location: "The path of the schedule." },
    },
  },
  errors: ["ALREADY_EXISTS"],
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const schedule = await createSchedule(ctxOf(c, api), unparsed(body));
    c.header("Location", `/v1/schedules/${encodeURIComponent(schedule.name)}`);
    return c.json(toScheduleJson(schedule), 201);
  },
};
