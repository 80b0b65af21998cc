import { bulkRequestSchema, bulkResponseSchema } from "@millrace/contract";
import { bulkJobs } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/jobs/bulk */
export const bulkJobsRoute: Route = {
  method: "post",
  path: "/v1/jobs/bulk",
  scope: "jobs:write",
  operationId: "bulkJobs",
  tag: "jobs",
  summary: "Cancel, retry or delete the jobs of a filter",
  description:
    "Takes the jobs that fit, newest first, up to `limit` (at most 10,000, 1,000 unless said otherwise). Without `filter.status`, `cancel` takes pending and running jobs, `retry` dead ones, `delete` all but running ones. A filter that restricts nothing has to be `{ all: true }`. Go on with `nextCursor` until it is null. With `dryRun` nothing is changed.",
  body: { schema: bulkRequestSchema, required: true },
  answers: { 200: { description: "How many jobs fitted, and what became of them.", schema: bulkResponseSchema } },
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    return c.json(await bulkJobs(ctxOf(c, api), unparsed(body)), 200);
  },
};
