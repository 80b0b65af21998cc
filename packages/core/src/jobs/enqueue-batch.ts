import { type EnqueueBatchRequest, enqueueBatchRequestSchema } from "@millrace/contract";
import type { CreateOptions, CreatedJobId } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { newJob } from "./new-job.ts";

/** Enqueues all jobs or none, ids in input order. @throws FORBIDDEN, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED, UNAVAILABLE */
export async function enqueueBatch(
  ctx: Ctx,
  input: EnqueueBatchRequest,
  options?: CreateOptions,
): Promise<readonly CreatedJobId[]> {
  requireScope(ctx, "jobs:write");
  const request = parse(enqueueBatchRequestSchema, input);
  const created = await ctx.store.createJobs(
    request.jobs.map((job, index) => newJob(ctx, job, `jobs.${index}.`)),
    options,
  );
  for (const [index, { queue }] of request.jobs.entries()) {
    const outcome = created[index]?.duplicate === true ? "duplicate" : "created";
    ctx.metrics?.jobsEnqueuedTotal.inc({ queue, outcome });
  }
  return created;
}
