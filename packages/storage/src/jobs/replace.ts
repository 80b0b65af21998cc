import type { Executor, Statement } from "../executor.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { type PreparedJob, textArray } from "./insert.ts";
import { signals } from "./signals.ts";
import { takePending } from "./take-pending.ts";

/**
 * Takes the pending job out of line (see take-pending), makes it the one that the new request asks for, and puts it back where it now belongs, in one statement.
 * The caller holds the key's lock, so no other request of this key is in between. Attempts go on counting, as with a retry.
 */
const replaceStatement: Statement = {
  name: "jobs.replace",
  text: `
with ${takePending()},
changed as (
  update millrace.jobs j set
    queue = $3::text, type = $4::text, priority = $5::smallint, max_attempts = least(32767, j.attempts + $6::integer), timeout_ms = $7::integer,
    scheduled_at = coalesce($8::timestamptz, now() + $9::float8 * interval '1 millisecond', now()),
    concurrency_key = $10::text, tags = $11::text::text[], retry = $12::jsonb, payload = $13::json, traceparent = $14::text, trace_id = $15::text,
    updated_at = now()
  from taken t where j.id = t.job_id
  returning j.id, j.tenant_id, j.queue, j.type, j.priority, j.scheduled_at, j.concurrency_key, j.idempotency_key
),
unblocked as (delete from millrace.job_dependencies e using from_blocked b where e.job_id = b.job_id),
key as (
  update millrace.job_keys k set request_hash = $16::text, created_at = now(), expires_at = now() + $17::float8 * interval '1 millisecond'
  from changed c where k.tenant_id = c.tenant_id and k.key = c.idempotency_key and k.job_id = c.id
),
${enqueueAgain("changed")}
select c.id, ${signals("freeSlots", "enqueueAgain")} from changed c`,
};

/** Puts the request in the place of the job `id` while that is pending; false when it is not. */
export async function replace(tx: Executor, job: PreparedJob, id: string): Promise<boolean> {
  const rows = await tx.query(replaceStatement, [
    job.tenantId,
    id,
    job.queue,
    job.type,
    job.priority,
    job.maxAttempts,
    job.timeoutMs ?? null,
    job.scheduledAt ?? null,
    job.delayMs ?? null,
    job.concurrencyKey ?? null,
    textArray(job.tags),
    job.retry === undefined ? null : JSON.stringify(job.retry),
    job.payload,
    job.traceparent ?? null,
    job.traceId ?? null,
    job.requestHash ?? "",
    job.keyWindowMs ?? null,
  ]);
  return rows.length > 0;
}
