import { setTimeout } from "node:timers/promises";

import type { Executor, Statement } from "../executor.ts";
import type { HeartbeatOutcome } from "./job-store.ts";
import { statusesOf } from "./lease-outcomes.ts";
import { decodeLeaseToken, type Lease, leaseKey } from "./lease-token.ts";

/**
 * Extends leases in one statement. A beat for all open jobs of a claim moves the deadline of its one claims row.
 * A beat for only some of them must not keep the others alive: it sets a deadline of their own on those jobs, which rescue honours.
 * Nothing here waits: a claims row that a finisher or a rescue holds, or has changed since the statement's snapshot (`open` differs), is left
 * for the next try, and so is a job that its owner is writing. So a beat never acts on an old view of who holds what, and can't deadlock.
 * Rows are changed by key, never by ctid: the locked version may be newer than the snapshot.
 */
export const heartbeatStatement: Statement = {
  name: "jobs.heartbeat",
  text: `
with beat as (
  select * from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[]) as t(id, fence, claim_id, tenant_id)
),
seen as materialized (
  select c.claim_id, c.tenant_id, c.queue, c.open from millrace.claims c where c.claim_id = any($3::uuid[])
),
locked as materialized (
  select c.claim_id, c.tenant_id, c.queue, c.open from millrace.claims c
  where c.claim_id = any($3::uuid[]) for update skip locked
),
owned as materialized (
  select j.id, j.claim_id, j.tenant_id, j.queue from millrace.jobs j join beat t
  on j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id
),
covered as materialized (
  select h.claim_id, h.tenant_id, h.queue, count(*) >= h.open as whole
  from locked h
  join seen s on s.claim_id = h.claim_id and s.tenant_id = h.tenant_id and s.queue = h.queue and s.open = h.open
  join owned o on o.claim_id = h.claim_id and o.tenant_id = h.tenant_id and o.queue = h.queue
  group by h.claim_id, h.tenant_id, h.queue, h.open
),
extended as (
  update millrace.claims c set lease_expires_at = now() + $5::float8 * interval '1 millisecond' from covered v
  where v.whole and c.claim_id = v.claim_id and c.tenant_id = v.tenant_id and c.queue = v.queue
),
free as materialized (
  select j.id, j.claim_id from millrace.jobs j
  join owned o on j.id = o.id and j.claim_id = o.claim_id
  join covered v on v.claim_id = o.claim_id and v.tenant_id = o.tenant_id and v.queue = o.queue and not v.whole
  for update of j skip locked
),
single as (
  update millrace.jobs j set lease_expires_at = now() + $5::float8 * interval '1 millisecond'
  from free f where j.id = f.id and j.claim_id = f.claim_id
  returning j.id, j.claim_id
)
select o.id, o.claim_id as "claimId",
  exists (
    select from covered v where v.whole and v.claim_id = o.claim_id and v.tenant_id = o.tenant_id and v.queue = o.queue
  ) or exists (select from single s where s.id = o.id and s.claim_id = o.claim_id) as extended
from owned o`,
};

/** Pauses before the tries after the first; what is still busy then keeps the deadline it has until the next beat. */
const triesAfterMs = [5, 20, 80];

/** Which of the leases are held; as many as possible of them extended. */
async function beat(db: Executor, leases: readonly Lease[], leaseMs: number): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  let open = leases;
  for (let tries = 0; open.length > 0; tries++) {
    const rows = await db.query<{ id: string; claimId: string; extended: boolean }>(heartbeatStatement, [
      open.map((lease) => lease.id),
      open.map((lease) => lease.fence),
      open.map((lease) => lease.claimId),
      open.map((lease) => lease.tenantId),
      leaseMs,
    ]);
    const busy = new Set(rows.filter(({ extended }) => !extended).map(leaseKey));
    for (const row of rows) if (row.extended) held.add(leaseKey(row));
    const pauseMs = triesAfterMs[tries];
    if (pauseMs === undefined) for (const key of busy) held.add(key);
    open = pauseMs === undefined ? [] : open.filter((lease) => busy.has(leaseKey(lease)));
    if (open.length > 0) await setTimeout(pauseMs);
  }
  return held;
}

/** Extends the leases that are still held to `leaseMs` from now, by the database's clock. */
export async function heartbeat(
  db: Executor,
  leaseTokens: readonly string[],
  leaseMs: number,
): Promise<readonly HeartbeatOutcome[]> {
  const leases = leaseTokens.map(decodeLeaseToken);
  // Each lease once: the statement counts them to tell whether all of a claim are beaten.
  const known = [
    ...new Map(leases.flatMap((lease) => (lease === undefined ? [] : [[leaseKey(lease), lease]]))).values(),
  ];
  const held = await beat(db, known, leaseMs);
  const lost = known.filter((lease) => !held.has(leaseKey(lease)));
  const present = await statusesOf(db, lost);
  return leases.map((lease): HeartbeatOutcome => {
    if (lease === undefined) return { ok: false, status: null, cancelRequested: false };
    if (held.has(leaseKey(lease))) return { ok: true, status: "running", cancelRequested: false };
    const status = present.get(lease.id) ?? null;
    return { ok: false, status, cancelRequested: status === "cancelled" };
  });
}
