import { jobSchema } from "@millrace/contract";
import { cancelJob, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readNothing } from "../../http/read-nothing.ts";
import type { Route } from "../../http/route.ts";
import { schemas } from "../../openapi/schemas.ts";

/** POST /v1/jobs/{id}/cancel */
export const cancelJobRoute: Route = {
  method: "post",
  path: "/v1/jobs/{id}/cancel",
  scope: "jobs:write",
  operationId: "cancelJob",
  tag: "jobs",
  summary: "Cancel a pending or running job",
  description: "The worker of a running one is told with its next heartbeat, and can't finish it any more.",
  body: { schema: schemas.nothing, required: false },
  answers: { 200: { description: "The job.", schema: jobSchema } },
  errors: ["JOB_NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    await readNothing(c, api);
    return c.json(toJobJson(await cancelJob(ctxOf(c, api), { id: paramOf(c, "id") })), 200);
  },
};
