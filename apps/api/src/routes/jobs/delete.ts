import { deleteJob } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/jobs/{id} */
export const deleteJobRoute: Route = {
  method: "delete",
  path: "/v1/jobs/{id}",
  scope: "jobs:write",
  operationId: "deleteJob",
  tag: "jobs",
  summary: "Delete a job that is not running",
  description: "Its idempotency key is free again.",
  answers: { 204: { description: "The job is gone." } },
  errors: ["JOB_NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    await deleteJob(ctxOf(c, api), { id: paramOf(c, "id") });
    return c.body(null, 204);
  },
};
