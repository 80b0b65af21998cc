import type { JobJson } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { isoTime } from "../iso-time.ts";

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
    lockedAt: job.lockedAt && isoTime(job.lockedAt),
    leaseExpiresAt: job.leaseExpiresAt && isoTime(job.leaseExpiresAt),
    timeoutMs: job.timeoutMs,
    createdAt: isoTime(job.createdAt),
    updatedAt: isoTime(job.updatedAt),
    scheduledAt: isoTime(job.scheduledAt),
    startedAt: job.startedAt && isoTime(job.startedAt),
    completedAt: job.completedAt && isoTime(job.completedAt),
    traceparent: job.traceparent,
  };
}
