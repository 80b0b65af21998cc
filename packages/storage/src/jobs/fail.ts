import { limits } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { carried } from "./columns.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { FailItem, LeaseOutcome } from "./job-store.ts";
import { keepFinished } from "./keep-finished.ts";
import { writeAsOwner } from "./lease-outcomes.ts";
import { recordAttempts } from "./record-attempts.ts";
import { settleClaims } from "./settle-claims.ts";
import { signals } from "./signals.ts";

/** Appends to `errors`, keeping the newest. */
export function appendError(alias: string, error: string): string {
  return `(case when jsonb_array_length(${alias}.errors) >= ${limits.errorsKeptMax} then ${alias}.errors - 0 else ${alias}.errors end) || ${error}`;
}

/** The entry of one failed attempt, at the database's time. */
export function errorEntry(alias: string, message: string, stack: string): string {
  return `jsonb_strip_nulls(jsonb_build_object('attempt', ${alias}.attempts, 'at', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'message', ${message}, 'stack', ${stack}))`;
}

/** CTEs that move the rows of `source` (carried columns, message, entry) into history as dead, with this failure as their last error. */
export function keepDead(source: string): string {
  return keepFinished(source, "dead", { last_error: "d.message", errors: appendError("d", "d.entry") });
}

/**
 * Fails in one statement. Each row is either killed (deleted into history) or put back, by its own attempts and the item's word;
 * both branches match id, fence and claim and lock the row, so a stale owner changes nothing, and the two conditions exclude one another:
 * attempts and max_attempts of a running job change only through its owner.
 */
export const failStatement: Statement = {
  name: "jobs.fail",
  text: `
with failed as (
  select * from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::float8[])
    as t(id, fence, claim_id, tenant_id, message, stack, retryable, retry_after_ms)
),
died as (
  delete from millrace.jobs j using failed t
  where j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id and not (t.retryable and j.attempts < j.max_attempts)
  returning ${carried("j")}, j.claim_id, t.message, t.stack, ${errorEntry("j", "t.message", "t.stack")} as entry
),
retried as (
  update millrace.jobs j set
    claim_id = null, locked_at = null, lease_expires_at = null, updated_at = now(), last_error = t.message,
    errors = ${appendError("j", errorEntry("j", "t.message", "t.stack"))},
    scheduled_at = now() + coalesce(t.retry_after_ms * interval '1 millisecond', millrace.retry_delay(j.retry, j.attempts))
  from failed t
  where j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id and t.retryable and j.attempts < j.max_attempts
  returning j.id, j.tenant_id, j.queue, j.type, j.priority, j.scheduled_at, j.concurrency_key, j.fence, j.attempts, j.locked_by, j.started_at,
    t.claim_id, t.message, t.stack
),
left_jobs as (
  select id, claim_id, tenant_id, queue, type, concurrency_key, fence, attempts, locked_by, started_at, message, stack, 'dead' as status from died
  union all
  select id, claim_id, tenant_id, queue, type, concurrency_key, fence, attempts, locked_by, started_at, message, stack, 'pending' from retried
),
${settleClaims("left_jobs")},
${freeSlots("left_jobs")},
${freedLanes},
${recordAttempts("left_jobs", "'failed'", { message: "a.message", stack: "a.stack" })},
${enqueueAgain("retried")},
${keepDead("died")}
select id, claim_id as "claimId", status, ${signals("freeSlots", "freedLanes", "enqueueAgain")} from left_jobs`,
};

/** Fails attempts whose leases are held: back to pending after the retry delay, or dead. */
export function fail(db: Executor, items: readonly FailItem[]): Promise<readonly LeaseOutcome[]> {
  return writeAsOwner(db, failStatement, items, [
    (item) => storable(item.message, limits.errorMessageCharactersMax),
    (item) => (item.stack === undefined ? null : storable(item.stack, limits.errorStackCharactersMax)),
    (item) => item.retryable,
    (item) => item.retryAfterMs ?? null,
  ]);
}

/** An error's text as PostgreSQL can keep it: bounded, well-formed, without NUL. */
function storable(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed().replaceAll("\0", "\uFFFD");
}
