import { type EnqueueRequest, enqueueRequestSchema } from "@millrace/contract";
import type { CreateOptions, CreatedJob } from "@millrace/storage";
import { spanAttributes } from "@millrace/telemetry";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { checkPayloads } from "../schemas/check-payloads.ts";
import { requireDependencies } from "./dependencies.ts";
import { inSendSpan } from "./in-send-span.ts";
import { newJob } from "./new-job.ts";

/**
 * Enqueues one job; resolves after it is committed or, with `tx`, when it is part of that transaction of the caller's.
 * @throws FORBIDDEN, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED, DUPLICATE_JOB, UNAVAILABLE
 */
export async function enqueue(ctx: Ctx, input: EnqueueRequest, options?: CreateOptions): Promise<CreatedJob> {
  requireScope(ctx, "jobs:write");
  const request = parse(enqueueRequestSchema, input);
  if (request.dependsOn !== undefined) await requireDependencies(ctx, [request.dependsOn], () => "");
  return inSendSpan(ctx, [request], async (traced, span) => {
    const job = newJob(traced, request);
    await checkPayloads(ctx, [{ type: request.type, payload: request.payload, path: "payload" }]);
    const created = await ctx.store.createJob(job, options);
    const outcome = created.duplicate ? "duplicate" : "created";
    ctx.metrics?.jobsEnqueuedTotal.inc({ queue: created.job.queue, outcome });
    if (span.isRecording) {
      span.set({ [spanAttributes.messagingMessageId]: created.job.id, [spanAttributes.millraceOutcome]: outcome });
    }
    return created;
  });
}
