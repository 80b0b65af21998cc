import { putScheduleRequestSchema, scheduleSchema } from "@millrace/contract";
import { putSchedule, toScheduleJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** PUT /v1/schedules/{name} */
export const putScheduleRoute: Route = {
  method: "put",
  path: "/v1/schedules/{name}",
  scope: "jobs:write",
  operationId: "putSchedule",
  tag: "schedules",
  summary: "Make or replace a schedule",
  description:
    "The same request again changes nothing. A new `cron` or `timeZone`, and the end of a pause, count the next tick from now.",
  body: { schema: putScheduleRequestSchema, required: true },
  answers: {
    200: { description: "The schedule after the change.", schema: scheduleSchema },
    201: { description: "The schedule, which is new.", schema: scheduleSchema },
  },
  errors: ["ALREADY_EXISTS"],
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const { schedule, created } = await putSchedule(ctxOf(c, api), {
      name: paramOf(c, "name"),
      request: unparsed(body),
    });
    return c.json(toScheduleJson(schedule), created ? 201 : 200);
  },
};
