import type { TerminalStatus } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";

/** A CTE that counts the rows of `source` (tenant_id, queue), which enter history now. It only appends, so counting makes nobody wait. */
export function countEntered(source: string, status: TerminalStatus): string {
  return `
  counted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, n)
    select tenant_id, queue, '${status}', (now() at time zone 'utc')::date, count(*) from ${source} group by tenant_id, queue
  )`;
}

/** A CTE that uncounts the rows of `source` (tenant_id, queue, status, completed_at), which leave history. */
export function countLeft(source: string): string {
  return `
  uncounted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, n)
    select tenant_id, queue, status, (completed_at at time zone 'utc')::date, -1 from ${source}
  )`;
}

/**
 * Replaces rows by their sums. One statement: a reader's snapshot has the rows or their sum, never both.
 * SKIP LOCKED lets several processes fold at once, each its own rows.
 */
const foldStatement: Statement = {
  name: "jobs.foldCounts",
  text: `
with folded as (
  delete from millrace.finished_counts f where f.ctid = any(array(
    select c.ctid from millrace.finished_counts c limit $1::integer for update skip locked
  ))
  returning f.tenant_id, f.queue, f.status, f.day, f.n
),
sums as (
  insert into millrace.finished_counts (tenant_id, queue, status, day, n)
  select tenant_id, queue, status, day, sum(n) from folded group by tenant_id, queue, status, day having sum(n) <> 0
)
select count(*)::integer as folded from folded`,
};

/** Folds at most `limit` rows; answers how many. */
export async function foldCounts(db: Executor, limit: number): Promise<number> {
  const [row] = await db.query<{ folded: number }>(foldStatement, [limit]);
  return row?.folded ?? 0;
}
