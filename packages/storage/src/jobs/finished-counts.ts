import type { TerminalStatus } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";

/** A CTE that uncounts the rows of `source` (tenant_id, queue, status, expires_at, retention_class), which leave history. */
export function countLeft(source: string): string {
  return `
  uncounted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, retention_class, n)
    select tenant_id, queue, status, (expires_at at time zone 'utc')::date, retention_class, -1 from ${source}
  )`;
}

const inDefault = (status: TerminalStatus) => `
    when '${status}' then exists (
      select from millrace.${status}_jobs_default x
      where x.expires_at >= d.day::timestamp at time zone 'utc' and x.expires_at < (d.day + 1)::timestamp at time zone 'utc'
    )`;

/**
 * Replaces the rows of a key by their sum, where it has several. One statement: a reader's snapshot has the rows or their sum, never both.
 * SKIP LOCKED lets several processes fold at once, each its own rows.
 */
const foldStatement: Statement = {
  name: "jobs.foldCounts",
  text: `
with several as materialized (
  select tenant_id, queue, status, day, retention_class from millrace.finished_counts
  group by tenant_id, queue, status, day, retention_class having count(*) > 1 limit $1::integer
),
folded as (
  delete from millrace.finished_counts f where f.ctid = any(array(
    select c.ctid from millrace.finished_counts c
    join several s on s.tenant_id = c.tenant_id and s.queue = c.queue and s.status = c.status and s.day = c.day
      and s.retention_class = c.retention_class
    limit $1::integer for update of c skip locked
  ))
  returning f.tenant_id, f.queue, f.status, f.day, f.retention_class, f.n
),
sums as (
  insert into millrace.finished_counts (tenant_id, queue, status, day, retention_class, n)
  select tenant_id, queue, status, day, retention_class, sum(n) from folded group by tenant_id, queue, status, day, retention_class having sum(n) <> 0
  returning 1
)
select (select count(*)::integer from folded) - (select count(*)::integer from sums) as fewer`,
};

/** Folds at most `limit` rows; answers how many rows fewer there are. */
export async function foldCounts(db: Executor, limit: number): Promise<number> {
  const [row] = await db.query<{ fewer: number }>(foldStatement, [limit]);
  return row?.fewer ?? 0;
}

/**
 * Takes off the counts of days whose jobs are gone: with their partition, and from the default one. By what is there, not by what was dropped: a drop that nobody could
 * follow up is made good by the next call, and so is a sum that a fold wrote meanwhile. While a job of the day is in the default partition its count
 * stays, so that the deletion of that job has what to take it off from.
 */
const sweepStatement: Statement = {
  name: "jobs.sweepCounts",
  text: `
with gone as materialized (
  select d.status, d.day, d.retention_class from (
    select distinct c.status, c.day, c.retention_class from millrace.finished_counts c
    where c.day < ((now() - interval '1 hour') at time zone 'utc')::date
  ) d
  cross join lateral millrace.history_partition(d.status, d.retention_class, d.day) p
  where to_regclass('millrace.' || p.name) is null and not case d.status
    ${(["completed", "dead", "cancelled"] as const).map(inDefault).join(" ")}
  end
)
delete from millrace.finished_counts c using gone g
where c.status = g.status and c.day = g.day and c.retention_class = g.retention_class`,
};

/** Forgets the counts of finished jobs that are gone with their partitions. */
export async function sweepCounts(db: Executor): Promise<void> {
  await db.query(sweepStatement);
}
