import type { Executor, Statement } from "../executor.ts";
import type { QueueStats } from "../queues/queue-store.ts";

/** Waiting jobs are counted up to here; the true number may be larger (`capped`). */
const countMax = 10_000;

/** How many queues one answer covers. */
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
 * finished ones by maintained counts, and the oldest is the first of each priority.
 */
const statsStatement: Statement = {
  name: "jobs.stats",
  text: `
with named as materialized (
  select q.tenant_id, q.name from millrace.queues q
  where ($1::text is null or q.tenant_id = $1::text) and ($2::text is null or q.name = $2::text)
  order by q.tenant_id, q.name limit ${queuesMax}
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
export async function queueStats(
  db: Executor,
  filter: { readonly tenantId?: string; readonly queue?: string },
): Promise<readonly QueueStats[]> {
  const rows = await db.query<Row>(statsStatement, [filter.tenantId ?? null, filter.queue ?? null]);
  return rows.map(({ ready, held, blocked, ...row }) => ({
    ...row,
    pending: ready + row.scheduled + held + blocked,
    capped: Math.max(ready, row.scheduled, held, blocked) >= countMax ? ["pending"] : [],
  }));
}
