import { jobSchema, updateJobRequestSchema } from "@millrace/contract";
import { toJobJson, updateJob } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** PATCH /v1/jobs/{id} */
export const updateJobRoute: Route = {
  method: "patch",
  path: "/v1/jobs/{id}",
  scope: "jobs:write",
  operationId: "updateJob",
  tag: "jobs",
  summary: "Change a pending job",
  description: "What is absent stays as it is.",
  body: { schema: updateJobRequestSchema, required: true },
  answers: { 200: { description: "The job after the change.", schema: jobSchema } },
  errors: ["JOB_NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    const changes = await readJson(c, api.limits.bodyBytesMax);
    const job = await updateJob(ctxOf(c, api), { id: paramOf(c, "id"), changes: unparsed(changes) });
    return c.json(toJobJson(job), 200);
  },
};
