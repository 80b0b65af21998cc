import { isMillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import { carried } from "./columns.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { appendError, errorEntry, keepDead } from "./fail.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { RescueResult } from "./job-store.ts";
import { lockedJobs } from "./locked-jobs.ts";
import { recordAttempts } from "./record-attempts.ts";
import { signals } from "./signals.ts";

/** One rescue takes claims until they hold this many jobs, and at least one claim, so that a crash of a whole fleet is worked off in bounded steps. */
const jobsMax = 2_000;

const message = (alias: string) => `'lease expired (worker ' || ${alias}.locked_by || ')'`;

/**
 * Rescues the jobs of expired leases in one statement, by the rules of a failure; any number of workers may race it.
 * - `expired` locks the claims rows; SKIP LOCKED leaves one that a heartbeat or another rescue holds.
 * - `lapsed` locks the jobs still held under those claims; it skips one that its owner is finishing this moment, and re-checks claim and
 *   the job's own deadline, so a lease that was extended or ended in between is not touched. `$2` are jobs to leave out.
 * - whatever of the claim was not rescued (skipped, or kept alive on its own) stays in the claims row with a new deadline; the row goes when nothing is left.
 */
export const rescueStatement: Statement = {
  name: "jobs.rescue",
  text: `
with candidates as materialized (
  select c.claim_id, c.tenant_id, c.queue, c.job_ids from millrace.claims c
  where c.lease_expires_at < now() order by c.lease_expires_at limit $1::integer for update skip locked
),
expired as materialized (
  select s.claim_id, s.tenant_id, s.queue, s.job_ids from (
    select k.*, sum(cardinality(k.job_ids)) over (order by k.claim_id, k.tenant_id, k.queue) - cardinality(k.job_ids) as before
    from candidates k
  ) s where s.before < ${jobsMax}
),
members as materialized (
  select e.claim_id, e.tenant_id, e.queue, j.id, j.lease_expires_at from millrace.jobs j
  join expired e on j.claim_id = e.claim_id and j.tenant_id = e.tenant_id and j.queue = e.queue
  where j.id = any(array(select unnest(x.job_ids) from expired x))
),
lapsed as materialized (
  select j.id, j.claim_id from millrace.jobs j join members m on j.id = m.id and j.claim_id = m.claim_id
  where coalesce(j.lease_expires_at, '-infinity') < now() and j.id <> all($2::uuid[])
  for update of j skip locked
),
died as (
  delete from millrace.jobs j using lapsed l
  where j.id = l.id and j.claim_id = l.claim_id and j.attempts >= j.max_attempts
  returning ${carried("j")}, ${message("j")} as message,
    ${errorEntry("j", message("j"), "null::text")} as entry
),
retried as (
  update millrace.jobs j set
    claim_id = null, locked_at = null, lease_expires_at = null, updated_at = now(),
    last_error = ${message("j")},
    errors = ${appendError("j", errorEntry("j", message("j"), "null::text"))},
    scheduled_at = now() + millrace.retry_delay(j.retry, j.attempts)
  from lapsed l
  where j.id = l.id and j.claim_id = l.claim_id and j.attempts < j.max_attempts
  returning j.id, j.tenant_id, j.queue, j.type, j.priority, j.scheduled_at, j.concurrency_key, j.fence, j.attempts, j.locked_by, j.started_at,
    j.last_error as message
),
rescued as (
  select id, tenant_id, queue, type, concurrency_key, fence, attempts, locked_by, started_at, message from died
  union all
  select id, tenant_id, queue, type, concurrency_key, fence, attempts, locked_by, started_at, message from retried
),
remaining as (
  select m.claim_id, m.tenant_id, m.queue, array_agg(m.id) as job_ids, count(*)::integer as open,
    greatest(min(m.lease_expires_at), now() + interval '1 second') as lease_expires_at
  from members m where m.id <> all(array(select id from lapsed))
  group by m.claim_id, m.tenant_id, m.queue
),
kept_claims as (
  update millrace.claims c set job_ids = r.job_ids, open = r.open, lease_expires_at = r.lease_expires_at
  from remaining r
  where c.claim_id = any(array(select claim_id from remaining)) and c.claim_id = r.claim_id and c.tenant_id = r.tenant_id and c.queue = r.queue
),
closed_claims as (
  delete from millrace.claims c using expired e
  where c.claim_id = any(array(select claim_id from expired)) and c.claim_id = e.claim_id and c.tenant_id = e.tenant_id and c.queue = e.queue and not exists (
    select from remaining r where r.claim_id = e.claim_id and r.tenant_id = e.tenant_id and r.queue = e.queue
  )
),
left_claims as (select distinct tenant_id, queue from rescued),
${freeSlots("rescued")},
${freedLanes},
${recordAttempts("rescued", "'leaseExpired'", { message: "a.message" })},
${enqueueAgain("retried")},
${keepDead("died")}
select (select count(*)::integer from retried) as retried, (select count(*)::integer from died) as dead,
  ${signals("freeSlots", "freedLanes", "enqueueAgain")}`,
};

/** The jobs of the claims that a rescue would take. It locks nothing: what it names is only looked at. */
const expiredJobsStatement: Statement = {
  name: "jobs.expired",
  text: `
select unnest(c.job_ids) as id
from (select job_ids from millrace.claims where lease_expires_at < now() order by lease_expires_at limit $1::integer) c`,
};

/** Puts off the claim that a rescue would take first. Its jobs stay its own, so an owner that comes back meanwhile may go on with them, as after a heartbeat. */
const postponeStatement: Statement = {
  name: "jobs.postponeRescue",
  text: `
with next as materialized (
  select c.claim_id, c.tenant_id, c.queue from millrace.claims c
  where c.lease_expires_at < now() order by c.lease_expires_at limit 1 for update skip locked
)
update millrace.claims c set lease_expires_at = now() + interval '30 seconds' from next n
where c.claim_id = n.claim_id and c.tenant_id = n.tenant_id and c.queue = n.queue
returning c.claim_id`,
};

/**
 * Retries or kills the jobs of at most `limit` expired claims. Jobs that somebody's transaction holds up are left out for now; a single claim that can't be
 * rescued is put off, so that it doesn't keep all behind it from being rescued. @throws UNAVAILABLE, after which fewer claims are worth a try
 */
export async function rescue(db: Executor, limit: number): Promise<RescueResult> {
  try {
    return await rescueExcept(db, limit, []);
  } catch (error) {
    if (!isMillraceError(error, "UNAVAILABLE")) throw error;
    if (isLocked(error)) {
      const rescued = await rescueAround(db, limit).catch(() => undefined);
      if (rescued !== undefined) return rescued;
    }
    if (limit > 1) throw error;
    const postponed = await db.query(postponeStatement);
    return { retried: 0, dead: 0, postponed: postponed.length };
  }
}

async function rescueAround(db: Executor, limit: number): Promise<RescueResult | undefined> {
  const held = await lockedJobs(db, await db.query<{ id: string }>(expiredJobsStatement, [limit]));
  return held.size === 0 ? undefined : rescueExcept(db, limit, [...held]);
}

async function rescueExcept(db: Executor, limit: number, except: readonly string[]): Promise<RescueResult> {
  const [row] = await db.query<Omit<RescueResult, "postponed">>(rescueStatement, [limit, except]);
  return { retried: row?.retried ?? 0, dead: row?.dead ?? 0, postponed: 0 };
}
