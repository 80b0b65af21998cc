import type { Job } from "./job-store.ts";

/** Columns that a job keeps from the hot table to history and back, in one order for both. */
export const carriedColumns = [
  "id",
  "tenant_id",
  "queue",
  "type",
  "priority",
  "attempts",
  "max_attempts",
  "fence",
  "timeout_ms",
  "locked_at",
  "scheduled_at",
  "started_at",
  "created_at",
  "locked_by",
  "idempotency_key",
  "concurrency_key",
  "last_error",
  "traceparent",
  "trace_id",
  "tags",
  "retry",
  "errors",
  "progress",
  "payload",
] as const;

/** `alias.column, …` of the carried columns. */
export function carried(alias: string): string {
  return carriedColumns.map((column) => `${alias}.${column}`).join(", ");
}

const shared = (a: string) => `
  ${a}.id, ${a}.tenant_id as "tenantId", ${a}.queue, ${a}.type, ${a}.payload, ${a}.priority, ${a}.attempts,
  ${a}.max_attempts as "maxAttempts", ${a}.retry, ${a}.last_error as "lastError", ${a}.errors,
  ${a}.idempotency_key as "idempotencyKey", ${a}.concurrency_key as "concurrencyKey", ${a}.tags, ${a}.progress,
  ${a}.locked_at as "lockedAt", ${a}.fence, ${a}.timeout_ms as "timeoutMs",
  ${a}.created_at as "createdAt", ${a}.updated_at as "updatedAt", ${a}.scheduled_at as "scheduledAt",
  ${a}.started_at as "startedAt", ${a}.traceparent, ${a}.trace_id as "traceId"`;

/** A row of `jobs` as a Job. `lease` is the SQL expression of its lease's deadline. */
export function hotJob(alias: string, lease = "null::timestamptz"): string {
  return `${shared(alias)},
  (case when ${alias}.claim_id is not null then ${alias}.locked_by end) as "lockedBy",
  (case when ${alias}.claim_id is null then 'pending' else 'running' end)::text as status,
  ${lease} as "leaseExpiresAt", null::timestamptz as "completedAt", null::json as result`;
}

/** The deadline of a running job's lease, by its claim. */
export function leaseDeadline(alias: string): string {
  return `(select greatest(max(c.lease_expires_at), ${alias}.lease_expires_at) from millrace.claims c
    where c.claim_id = ${alias}.claim_id and c.tenant_id = ${alias}.tenant_id and c.queue = ${alias}.queue)`;
}

/** A row of `job_history` as a Job. */
export function finishedJob(alias: string): string {
  return `${shared(alias)},
  ${alias}.locked_by as "lockedBy", ${alias}.status::text as status, null::timestamptz as "leaseExpiresAt", ${alias}.completed_at as "completedAt", ${alias}.result`;
}

/** A row of the view `all_jobs` as a Job. */
export function anyJob(alias: string): string {
  return `${shared(alias)},
  ${alias}.locked_by as "lockedBy", ${alias}.status::text as status, ${alias}.lease_expires_at as "leaseExpiresAt",
  ${alias}.completed_at as "completedAt", ${alias}.result`;
}

/** The statements above alias every column to Job's names and the door parses the values: the row is the Job. */
export function asJob(row: Job): Job {
  return row;
}
