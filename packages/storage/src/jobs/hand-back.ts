import type { Executor, Statement } from "../executor.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { LeaseOutcome, ReleaseItem, SnoozeItem } from "./job-store.ts";
import { writeAsOwner } from "./lease-outcomes.ts";
import { recordAttempts } from "./record-attempts.ts";
import { settleClaims } from "./settle-claims.ts";
import { signals } from "./signals.ts";

/**
 * Puts jobs back with the attempt refunded, in one statement. The fence stays where the claim put it, so the old token
 * can never match again although `attempts` went down.
 */
export const handBackStatement: Statement = {
  name: "jobs.handBack",
  text: `
with returned as (
  update millrace.jobs j set
    claim_id = null, locked_at = null, lease_expires_at = null, updated_at = now(),
    attempts = j.attempts - 1,
    scheduled_at = case when t.delay_ms is null then least(j.scheduled_at, now()) else now() + t.delay_ms * interval '1 millisecond' end
  from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::float8[]) as t(id, fence, claim_id, tenant_id, delay_ms)
  where j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id
  returning j.id, j.tenant_id, j.queue, j.type, j.priority, j.scheduled_at, j.concurrency_key, j.fence, j.attempts + 1 as attempts,
    j.locked_by, j.started_at, t.claim_id, t.delay_ms
),
${settleClaims("returned")},
${freeSlots("returned")},
${freedLanes},
${recordAttempts("returned", "case when a.delay_ms is null then 'released' else 'snoozed' end")},
${enqueueAgain("returned")}
select id, claim_id as "claimId", 'pending' as status, ${signals("freeSlots", "freedLanes", "enqueueAgain")} from returned`,
};

/** Puts jobs back to pending after their delays, without using up an attempt. */
export function snooze(db: Executor, items: readonly SnoozeItem[]): Promise<readonly LeaseOutcome[]> {
  return writeAsOwner(db, handBackStatement, items, [(item) => item.delayMs]);
}

/** Hands jobs back at once, in their old place of the queue, without using up an attempt. */
export function release(db: Executor, items: readonly ReleaseItem[]): Promise<readonly LeaseOutcome[]> {
  return writeAsOwner(db, handBackStatement, items, [() => null]);
}
