import type { Executor, Statement } from "../executor.ts";
import type { HeartbeatOutcome } from "./job-store.ts";
import { statusesOf } from "./lease-outcomes.ts";
import { decodeLeaseToken, type Lease } from "./lease-token.ts";

/**
 * Extends leases in one statement. A beat for all open jobs of a claim moves the deadline of its one claims row.
 * A beat for only some of them must not keep the others alive: it sets a deadline of their own on those jobs, which rescue honours.
 * `held_claims` locks the claims rows first, as rescue does (with SKIP LOCKED), so a beat and a rescue of one claim never interleave:
 * whoever locks first wins, and a beat that comes second finds no row and extends nothing. Rows are changed by key, never by ctid:
 * the locked version may be newer than the statement's snapshot.
 */
export const heartbeatStatement: Statement = {
  name: "jobs.heartbeat",
  text: `
with beat as (
  select * from unnest($1::uuid[], $2::integer[], $3::uuid[]) as t(id, fence, claim_id)
),
held_claims as materialized (
  select c.claim_id, c.tenant_id, c.queue, c.open from millrace.claims c
  where c.claim_id = any($3::uuid[]) order by c.claim_id, c.tenant_id, c.queue for update
),
owned as materialized (
  select j.id, j.claim_id, j.tenant_id, j.queue from millrace.jobs j join beat t
  on j.id = t.id and j.fence = t.fence and j.claim_id = t.claim_id
),
covered as (
  select h.claim_id, h.tenant_id, h.queue, count(*) >= h.open as whole
  from held_claims h join owned o on o.claim_id = h.claim_id and o.tenant_id = h.tenant_id and o.queue = h.queue
  group by h.claim_id, h.tenant_id, h.queue, h.open
),
extended as (
  update millrace.claims c set lease_expires_at = now() + $4::float8 * interval '1 millisecond' from covered v
  where v.whole and c.claim_id = v.claim_id and c.tenant_id = v.tenant_id and c.queue = v.queue
),
single as (
  update millrace.jobs j set lease_expires_at = now() + $4::float8 * interval '1 millisecond'
  from owned o join covered v on v.claim_id = o.claim_id and v.tenant_id = o.tenant_id and v.queue = o.queue
  where not v.whole and j.id = o.id and j.claim_id = o.claim_id
  returning j.id, j.claim_id
)
select o.id, o.claim_id as "claimId" from owned o
join covered v on v.claim_id = o.claim_id and v.tenant_id = o.tenant_id and v.queue = o.queue where v.whole
union all
select id, claim_id from single`,
};

/** Extends the leases that are still held to `leaseMs` from now, by the database's clock. */
export async function heartbeat(
  db: Executor,
  leaseTokens: readonly string[],
  leaseMs: number,
): Promise<readonly HeartbeatOutcome[]> {
  const leases = leaseTokens.map(decodeLeaseToken);
  const known = leases.filter((lease): lease is Lease => lease !== undefined);
  const held = new Set<string>();
  if (known.length > 0) {
    const rows = await db.query<{ id: string; claimId: string }>(heartbeatStatement, [
      known.map((lease) => lease.id),
      known.map((lease) => lease.fence),
      known.map((lease) => lease.claimId),
      leaseMs,
    ]);
    for (const row of rows) held.add(`${row.id}/${row.claimId}`);
  }
  const lost = known.filter((lease) => !held.has(`${lease.id}/${lease.claimId}`));
  const present = await statusesOf(db, lost);
  return leases.map((lease): HeartbeatOutcome => {
    if (lease === undefined) return { ok: false, cancelRequested: false };
    const ok = held.has(`${lease.id}/${lease.claimId}`);
    return { ok, cancelRequested: !ok && present.get(lease.id) === "cancelled" };
  });
}
