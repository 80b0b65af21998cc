import { enqueueRequestSchema, enqueueResponseSchema } from "@millrace/contract";
import { enqueue, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { idempotencyKeyHeader, withIdempotencyKey } from "../../http/idempotency-key.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/jobs */
export const enqueueRoute: Route = {
  method: "post",
  path: "/v1/jobs",
  scope: "jobs:write",
  operationId: "enqueueJob",
  tag: "jobs",
  summary: "Enqueue a job",
  description:
    "Answers after the job is committed. With an idempotency key, the same request again answers with the job of the first one, or does what `onDuplicate` says. " +
    "With `dependsOn` the job waits until those have completed; it is cancelled at once when one of them has failed, unless `onDependencyFailure` is `wait`.",
  headers: idempotencyKeyHeader,
  body: { schema: enqueueRequestSchema, required: true },
  answers: {
    201: { description: "The job.", schema: enqueueResponseSchema, headers: { Location: "The path of the job." } },
    200: {
      description:
        "The job that the idempotency key named before; `duplicate` is true, and `replaced` where this request has taken its place.",
      schema: enqueueResponseSchema,
      headers: { Location: "The path of the job." },
    },
  },
  errors: ["IDEMPOTENCY_KEY_REUSED", "DUPLICATE_JOB", "QUEUE_FULL"],
  async handle(c, api) {
    const body = withIdempotencyKey(c, await readJson(c, api.limits.bodyBytesMax));
    const { job, ...answer } = await enqueue(ctxOf(c, api), unparsed(body));
    // Not through Hono, which would build a Headers object for a second header, and copy it for Node.
    c.env.outgoing.setHeader("Location", `/v1/jobs/${job.id}`);
    return c.json({ ...toJobJson(job), ...answer }, answer.duplicate ? 200 : 201);
  },
};
