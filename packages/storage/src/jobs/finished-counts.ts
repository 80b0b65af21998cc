import type { Executor, Statement } from "../executor.ts";

/** A CTE that uncounts the rows of `source` (tenant_id, queue, status, expires_at), which leave history. */
export function countLeft(source: string): string {
  return `
  uncounted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, n)
    select tenant_id, queue, status, (expires_at at time zone 'utc')::date, -1 from ${source}
  )`;
}

/**
 * Replaces the rows of a key by their sum, where it has several. One statement: a reader's snapshot has the rows or their sum, never both.
 * SKIP LOCKED lets several processes fold at once, each its own rows.
 */
const foldStatement: Statement = {
  name: "jobs.foldCounts",
  text: `
with several as materialized (
  select tenant_id, queue, status, day from millrace.finished_counts
  group by tenant_id, queue, status, day having count(*) > 1 limit $1::integer
),
folded as (
  delete from millrace.finished_counts f where f.ctid = any(array(
    select c.ctid from millrace.finished_counts c
    join several s on s.tenant_id = c.tenant_id and s.queue = c.queue and s.status = c.status and s.day = c.day
    limit $1::integer for update of c skip locked
  ))
  returning f.tenant_id, f.queue, f.status, f.day, f.n
),
sums as (
  insert into millrace.finished_counts (tenant_id, queue, status, day, n)
  select tenant_id, queue, status, day, sum(n) from folded group by tenant_id, queue, status, day having sum(n) <> 0
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
 * Takes off the counts of days whose jobs are gone with their partition. By what is there, not by what was dropped: a drop that nobody could follow up
 * is made good by the next call, and so is a sum that a fold wrote meanwhile.
 */
const sweepStatement: Statement = {
  name: "jobs.sweepCounts",
  text: `
delete from millrace.finished_counts c
where c.day < ((now() - interval '1 hour') at time zone 'utc')::date
  and to_regclass(format('millrace.%s_jobs_%s', c.status,
    to_char(case c.status when 'completed' then c.day else date_trunc('week', c.day::timestamp)::date end, 'YYYYMMDD'))) is null`,
};

/** Forgets the counts of finished jobs that are gone with their partitions. */
export async function sweepCounts(db: Executor): Promise<void> {
  await db.query(sweepStatement);
}
