import type { JobJson } from "@millrace/contract";
import type { Job } from "@millrace/storage";

/** A job as JSON shows it: without tenant and fence, times in RFC 3339 with milliseconds. */
export function toJobJson(job: Job): JobJson {
  return {
    id: job.id,
    queue: job.queue,
    type: job.type,
    payload: job.payload,
    status: job.status,
    priority: job.priority,
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    retry: job.retry,
    lastError: job.lastError,
    errors: [...job.errors],
    idempotencyKey: job.idempotencyKey,
    concurrencyKey: job.concurrencyKey,
    tags: [...job.tags],
    result: job.result,
    progress: job.progress,
    lockedBy: job.lockedBy,
    lockedAt: job.lockedAt?.toISOString() ?? null,
    leaseExpiresAt: job.leaseExpiresAt?.toISOString() ?? null,
    timeoutMs: job.timeoutMs,
    createdAt: job.createdAt.toISOString(),
    updatedAt: job.updatedAt.toISOString(),
    scheduledAt: job.scheduledAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    completedAt: job.completedAt?.toISOString() ?? null,
    traceparent: job.traceparent,
  };
}
