import { jobSchema } from "@millrace/contract";
import { getJob, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/jobs/{id} */
export const getJobRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}",
  scope: "jobs:read",
  operationId: "getJob",
  tag: "jobs",
  summary: "Get a job",
  answers: { 200: { description: "The job.", schema: jobSchema } },
  errors: ["JOB_NOT_FOUND"],
  async handle(c, api) {
    return c.json(toJobJson(await getJob(ctxOf(c, api), { id: paramOf(c, "id") })), 200);
  },
};
