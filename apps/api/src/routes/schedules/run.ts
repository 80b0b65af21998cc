import { jobSchema } from "@millrace/contract";
import { runSchedule, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readNothing } from "../../http/read-nothing.ts";
import type { Route } from "../../http/route.ts";
import { schemas } from "../../openapi/schemas.ts";

/** POST /v1/schedules/{name}/run */
export const runScheduleRoute: Route = {
  method: "post",
  path: "/v1/schedules/{name}/run",
  scope: "jobs:write",
  operationId: "runSchedule",
  tag: "schedules",
  summary: "Enqueue a schedule's job now",
  description: "Its ticks stay where they are; it may be paused.",
  body: { schema: schemas.nothing, required: false },
  answers: {
    202: { description: "The job.", schema: jobSchema, headers: { Location: "The path of the job." } },
  },
  errors: ["NOT_FOUND", "QUEUE_FULL"],
  async handle(c, api) {
    await readNothing(c, api);
    const job = await runSchedule(ctxOf(c, api), { name: paramOf(c, "name") });
    c.header("Location", `/v1/jobs/${job.id}`);
    return c.json(toJobJson(job), 202);
  },
};
