import { deleteSchedule } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/schedules/{name} */
export const deleteScheduleRoute: Route = {
  method: "delete",
  path: "/v1/schedules/{name}",
  scope: "jobs:write",
  operationId: "deleteSchedule",
  tag: "schedules",
  summary: "Delete a schedule",
  description: "Jobs that it has enqueued stay.",
  answers: { 204: { description: "The schedule is gone." } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await deleteSchedule(ctxOf(c, api), { name: paramOf(c, "name") });
    return c.body(null, 204);
  },
};
