import { jobSchema } from "@millrace/contract";
import { retryJob, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readNothing } from "../../http/read-nothing.ts";
import type { Route } from "../../http/route.ts";
import { schemas } from "../../openapi/schemas.ts";

/** POST /v1/jobs/{id}/retry */
export const retryJobRoute: Route = {
  method: "post",
  path: "/v1/jobs/{id}/retry",
  scope: "jobs:write",
  operationId: "retryJob",
  tag: "jobs",
  summary: "Make a finished job pending again",
  description: "Its attempts go on counting; one without any left gets one more.",
  body: { schema: schemas.nothing, required: false },
  answers: { 200: { description: "The job.", schema: jobSchema } },
  errors: ["JOB_NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    await readNothing(c, api);
    return c.json(toJobJson(await retryJob(ctxOf(c, api), { id: paramOf(c, "id") })), 200);
  },
};
