import type { Json } from "@millrace/contract";

import type { ClaimedJob, Job } from "./job-store.ts";
import { encodeLeaseToken } from "./lease-token.ts";

/** A claimed job as its statement answers it: what nearly every job has, and the rest only where a job has any of it. */
export interface ClaimedRow {
  readonly id: string;
  readonly tenantId: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: Json;
  readonly priority: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly fence: number;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly traceparent: string | null;
  readonly rest: Pick<Job, Rest> | null;
}

type Rest =
  | "retry"
  | "lastError"
  | "errors"
  | "idempotencyKey"
  | "concurrencyKey"
  | "tags"
  | "progress"
  | "timeoutMs"
  | "traceId";

const none: Pick<Job, Rest> = {
  retry: null,
  lastError: null,
  errors: [],
  idempotencyKey: null,
  concurrencyKey: null,
  tags: [],
  progress: null,
  timeoutMs: null,
  traceId: null,
};

/**
 * The columns of a ClaimedRow from a row of `jobs`, right after its claim. Columns cost: reading all 28 took Node longer than all else in a claim.
 * Errors and progress come from earlier claims, so a first claim needn't look for them.
 */
export function claimedColumns(a: string): string {
  return `
  ${a}.id, ${a}.tenant_id as "tenantId", ${a}.queue, ${a}.type, ${a}.payload, ${a}.priority, ${a}.attempts,
  ${a}.max_attempts as "maxAttempts", ${a}.fence, ${a}.created_at as "createdAt", ${a}.scheduled_at as "scheduledAt", ${a}.traceparent,
  case when ${a}.fence > 1 or ${a}.retry is not null or ${a}.idempotency_key is not null or ${a}.concurrency_key is not null
    or ${a}.tags <> '{}' or ${a}.timeout_ms is not null or ${a}.trace_id is not null
  then json_build_object('retry', ${a}.retry, 'lastError', ${a}.last_error, 'errors', ${a}.errors, 'idempotencyKey', ${a}.idempotency_key,
    'concurrencyKey', ${a}.concurrency_key, 'tags', ${a}.tags, 'progress', ${a}.progress, 'timeoutMs', ${a}.timeout_ms, 'traceId', ${a}.trace_id)
  end as rest`;
}

/** What all jobs of a claim share. */
export interface ClaimLease {
  readonly claimId: string;
  readonly worker: string;
  readonly lockedAt: Date;
  readonly leaseExpiresAt: Date;
}

/** The job of a row, with the token of its lease. */
export function claimedJob(row: ClaimedRow, lease: ClaimLease): ClaimedJob {
  const { id, tenantId, fence } = row;
  return { job: jobOf(row, lease), leaseToken: encodeLeaseToken({ tenantId, id, fence, claimId: lease.claimId }) };
}

function jobOf(row: ClaimedRow, lease: ClaimLease): Job {
  const rest = row.rest ?? none;
  return {
    id: row.id,
    tenantId: row.tenantId,
    queue: row.queue,
    type: row.type,
    payload: row.payload,
    status: "running",
    priority: row.priority,
    attempts: row.attempts,
    maxAttempts: row.maxAttempts,
    retry: rest.retry,
    lastError: rest.lastError,
    errors: rest.errors,
    idempotencyKey: rest.idempotencyKey,
    concurrencyKey: rest.concurrencyKey,
    tags: rest.tags,
    result: null,
    progress: rest.progress,
    lockedBy: lease.worker,
    lockedAt: lease.lockedAt,
    leaseExpiresAt: lease.leaseExpiresAt,
    fence: row.fence,
    timeoutMs: rest.timeoutMs,
    createdAt: row.createdAt,
    updatedAt: lease.lockedAt,
    scheduledAt: row.scheduledAt,
    startedAt: lease.lockedAt,
    completedAt: null,
    traceparent: row.traceparent,
    traceId: rest.traceId,
  };
}
