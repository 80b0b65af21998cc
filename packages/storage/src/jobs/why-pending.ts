import type { Executor, Statement } from "../executor.ts";
import type { JobRef, PendingFacts } from "./job-store.ts";

/** Those ahead are counted up to here. */
const aheadMax = 10_000;
const dependenciesMax = 100;
/** Workers report themselves about every 15 seconds while they ask for jobs. One that is busy may not ask, and is known by its leases. */
const workerSeenWithin = "interval '1 minute'";

/** How many rows of a waiting table stand before the job, by two ranges of its index. */
const ahead = (table: string, lane: string) => `
  select count(*)::integer from (
    (select from ${table} w where ${lane} and w.priority > j.priority limit ${aheadMax})
    union all
    (select from ${table} w where ${lane} and w.priority = j.priority and (w.scheduled_at, w.job_id) < (j.scheduled_at, j.id) limit ${aheadMax})
    limit ${aheadMax}
  ) before`;

const ofQueue = "w.tenant_id = j.tenant_id and w.queue = j.queue";
const ofKey = `${ofQueue} and w.concurrency_key = j.concurrency_key`;
const ownRow = "w.priority = j.priority and w.scheduled_at = j.scheduled_at and w.job_id = j.id";

/** Reads only, in one snapshot, and costs the same however many jobs wait: each part is a probe or a bounded count. */
const pendingStatement: Statement = {
  name: "jobs.whyPending",
  text: `
select j.queue, j.type, j.concurrency_key as "concurrencyKey",
  case when j.scheduled_at > now() then j.scheduled_at end as "dueAt",
  q.paused_at as "pausedAt", q.concurrency as "runningMax",
  case when q.concurrency is not null then (
    select coalesce(sum(w.open), 0)::integer from millrace.claims w where ${ofQueue}
  ) end as running,
  case when q.rate_limit is not null then
    greatest(0, 1 - millrace.rate_tokens(q, clock_timestamp())) * q.rate_period_ms / q.rate_limit
  end as "nextTokenInMs",
  coalesce(q.concurrency_per_key, 1) as "keyRunningMax",
  (select s.used from millrace.key_slots s
   where s.tenant_id = j.tenant_id and s.queue = j.queue and s.concurrency_key = j.concurrency_key) as "keyUsed",
  case when exists (select from millrace.held w where ${ofKey} and ${ownRow}) then (${ahead("millrace.held", ofKey)}) end as "aheadOfKey",
  case when exists (select from millrace.ready w where ${ofQueue} and ${ownRow}) then (${ahead("millrace.ready", ofQueue)}) end as ahead,
  case when exists (select from millrace.blocked b where b.job_id = j.id) then (
    select json_agg(json_build_object('id', d.depends_on, 'status', (
      select a.status from millrace.all_jobs a where a.tenant_id = j.tenant_id and a.id = d.depends_on limit 1
    )) order by d.depends_on)
    from (select e.depends_on from millrace.job_dependencies e where e.job_id = j.id order by e.depends_on limit ${dependenciesMax}) d
  ) end as "waitsFor",
  exists (
    select from millrace.workers w
    where w.seen_at > now() - ${workerSeenWithin} and w.tenant_id in ('', j.tenant_id)
      and (w.queues is null or j.queue = any(w.queues)) and (w.types is null or j.type = any(w.types))
  ) or exists (
    select from millrace.claims c
    where c.tenant_id || '/' || c.queue = j.tenant_id || '/' || j.queue and c.open > 0 and c.lease_expires_at > now() - ${workerSeenWithin}
      and not exists (
        select from millrace.workers w
        where w.tenant_id in ('', j.tenant_id) and w.name = c.worker and w.types is not null and j.type <> all(w.types)
      )
  ) as "hasWorker"
from millrace.jobs j left join millrace.queue_settings q on q.tenant_id = j.tenant_id and q.queue = j.queue
where j.tenant_id = $1::text and j.id = $2::uuid and j.claim_id is null`,
};

/** What keeps a pending job waiting; undefined for one that isn't pending. */
export async function whyPending(db: Executor, ref: JobRef): Promise<PendingFacts | undefined> {
  const [row] = await db.query<PendingFacts>(pendingStatement, [ref.tenantId, ref.id]);
  return row;
}
