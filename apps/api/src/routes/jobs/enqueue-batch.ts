import { enqueueBatchRequestSchema, enqueueBatchResponseSchema } from "@millrace/contract";
import { enqueueBatch } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { refuseIdempotencyKey } from "../../http/idempotency-key.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/jobs/batch */
export const enqueueBatchRoute: Route = {
  method: "post",
  path: "/v1/jobs/batch",
  scope: "jobs:write",
  operationId: "enqueueJobs",
  tag: "jobs",
  summary: "Enqueue many jobs, all or none",
  description:
    "Up to 10,000 jobs. Idempotency keys are given with each job; the header is refused. A job may name itself by `ref`, and others of the batch depend on it by that.",
  body: { schema: enqueueBatchRequestSchema, required: true },
  answers: { 201: { description: "The ids, in the order of the jobs.", schema: enqueueBatchResponseSchema } },
  errors: ["IDEMPOTENCY_KEY_REUSED", "DUPLICATE_JOB", "QUEUE_FULL"],
  async handle(c, api) {
    refuseIdempotencyKey(c, "A batch takes an idempotencyKey with each job.");
    const body = await readJson(c, api.limits.batchBodyBytesMax);
    const items = await enqueueBatch(ctxOf(c, api), unparsed(body));
    return c.json({ items }, 201);
  },
};
