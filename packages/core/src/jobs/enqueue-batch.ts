import { type EnqueueBatchRequest, enqueueBatchRequestSchema, isRef, refPositions } from "@millrace/contract";
import type { CreateOptions, CreatedJobId } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { checkPayloads } from "../schemas/check-payloads.ts";
import { requireDependencies } from "./dependencies.ts";
import { inSendSpan } from "./in-send-span.ts";
import { newJob } from "./new-job.ts";

/** Enqueues all jobs or none, answers in input order. @throws FORBIDDEN, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED, DUPLICATE_JOB, UNAVAILABLE */
export async function enqueueBatch(
  ctx: Ctx,
  input: EnqueueBatchRequest,
  options?: CreateOptions,
): Promise<readonly CreatedJobId[]> {
  requireScope(ctx, "jobs:write");
  const request = parse(enqueueBatchRequestSchema, input);
  const { jobs } = request;
  if (jobs.some(({ dependsOn }) => dependsOn !== undefined)) {
    const earlier = jobs.map(({ dependsOn }) => dependsOn?.map((on) => (isRef(on) ? undefined : on)));
    await requireDependencies(ctx, earlier, (index) => `jobs.${index}.`);
  }
  const positions = refPositions(jobs);
  return inSendSpan(ctx, jobs, async (traced) => {
    const wanted = jobs.map((job, index) => ({
      ...newJob(traced, job, `jobs.${index}.`),
      dependsOn: job.dependsOn?.map((on) => positions.get(on) ?? on),
    }));
    await checkPayloads(
      ctx,
      jobs.map(({ type, payload }, index) => ({ type, payload, path: `jobs.${index}.payload` })),
    );
    const created = await ctx.store.createJobs(wanted, options);
    for (const [index, { queue }] of jobs.entries()) {
      const outcome = created[index]?.duplicate === true ? "duplicate" : "created";
      ctx.metrics?.jobsEnqueuedTotal.inc({ queue, outcome });
    }
    return created;
  });
}
