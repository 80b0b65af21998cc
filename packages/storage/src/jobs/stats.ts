import type { Executor, Statement } from "../executor.ts";
import type { QueueStats, QueueStatsFilter } from "../queues/queue-store.ts";

/** Waiting jobs are counted up to here; the true number may be larger (`capped`). */
const countMax = 10_000;

/** How many queues one answer covers unless told otherwise. */
const queuesMax = 1_000;

const waiting = (table: string) => `(
  select count(*)::integer from (
    select from ${table} w where w.tenant_id = q.tenant_id and w.queue = q.name limit ${countMax}
  ) bounded
)`;

const firstOfPriority = (below: string) => `
  select r.priority, r.scheduled_at from millrace.ready r
  where r.tenant_id = q.tenant_id and r.queue = q.name and ${below} order by r.priority desc, r.scheduled_at limit 1`;

/**
 * Reads only, and costs the same with ten jobs as with ten million: waiting jobs are counted up to a bound, running ones by their claims,
 * finished ones by maintained counts, and the oldest is the first of each priority. Over every tenant, the answer has the first queue of each before
 * the second of any: one with thousands hides nobody else's. Behind `$4` it is a keyset walk: a queue that is there throughout is seen exactly once.
 */
const statsStatement: Statement = {
  name: "jobs.stats",
  text: `
with named as materialized (
  select n.tenant_id, n.name from (
    select q.tenant_id, q.name, row_number() over (partition by q.tenant_id order by q.name) as place from millrace.queues q
    where ($1::text is null or q.tenant_id = $1::text) and ($2::text is null or q.name = $2::text)
      and ($3::text[] is null or q.name = any($3::text[])) and ($4::text is null or q.name > $4::text)
  ) n where n.place <= $5::integer
  order by n.place, n.tenant_id limit $5::integer
),
running as materialized (
  select c.tenant_id, c.queue, sum(c.open)::integer as n from millrace.claims c
  where $1::text is null or c.tenant_id = $1::text group by c.tenant_id, c.queue
)
select q.tenant_id as "tenantId", q.name as queue,
  ${waiting("millrace.ready")} as ready, ${waiting("millrace.scheduled")} as scheduled, ${waiting("millrace.held")} as held,
  ${waiting("millrace.blocked")} as blocked, coalesce(r.n, 0) as running, s.paused_at as "pausedAt",
  f.completed, f.dead, f.cancelled,
  (
    with recursive first as (
      (${firstOfPriority("true")})
      union all
      select n.priority, n.scheduled_at from first cross join lateral (${firstOfPriority("r.priority < first.priority")}) n
    )
    select extract(epoch from now() - min(first.scheduled_at))::float8 * 1000 from first
  ) as "oldestPendingAgeMs"
from named q
left join running r on r.tenant_id = q.tenant_id and r.queue = q.name
left join millrace.queue_settings s on s.tenant_id = q.tenant_id and s.queue = q.name
cross join lateral (
  select coalesce(sum(c.n) filter (where c.status = 'completed'), 0)::bigint as completed,
    coalesce(sum(c.n) filter (where c.status = 'dead'), 0)::bigint as dead,
    coalesce(sum(c.n) filter (where c.status = 'cancelled'), 0)::bigint as cancelled
  from millrace.finished_counts c where c.tenant_id = q.tenant_id and c.queue = q.name
) f
order by q.tenant_id, q.name`,
};

type Row = Omit<QueueStats, "pending" | "capped"> & Readonly<Record<"ready" | "held" | "blocked", number>>;

/** Counts by status; `pending` includes those that are scheduled, held back by their concurrency key, or blocked by other jobs. */
export async function queueStats(db: Executor, filter: QueueStatsFilter): Promise<readonly QueueStats[]> {
  const { tenantId, queue, queues, afterQueue, limit } = filter;
  const rows = await db.query<Row>(statsStatement, [
    tenantId ?? null,
    queue ?? null,
    queues ?? null,
    afterQueue ?? null,
    limit ?? queuesMax,
  ]);
  return rows.map(({ ready, held, blocked, ...row }) => ({
    ...row,
    pending: ready + row.scheduled + held + blocked,
    capped: Math.max(ready, row.scheduled, held, blocked) >= countMax ? ["pending"] : [],
  }));
}
