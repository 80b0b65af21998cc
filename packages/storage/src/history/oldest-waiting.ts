import type { Executor, Statement } from "../executor.ts";

/**
 * The first rows by transaction that no exported snapshot has seen, by index; about the oldest, since times are those of a transaction's beginning. A page that is
 * being written moves on while this reads, which at worst says for a moment that more waits.
 */
const oldestWaitingStatement: Statement = {
  name: "history.oldest_waiting",
  text: `
select extract(epoch from clock_timestamp() - least(
    (select h.completed_at from millrace.job_history h where h.xact_id >= x.from_xact order by h.xact_id limit 1),
    (select a.ended_at from millrace.job_attempts a where a.xact_id >= x.from_xact order by a.xact_id limit 1)
  ))::float8 * 1000 as "ageMs"
from (select coalesce(pg_snapshot_xmax(e.exported_to), '3'::xid8) as from_xact from millrace.history_export e) x`,
};

/** How long the oldest finished job or ended attempt has waited to be exported; 0 where none waits. */
export async function oldestWaitingMs(db: Executor): Promise<number> {
  const [row] = await db.query<{ ageMs: number | null }>(oldestWaitingStatement);
  return Math.max(0, row?.ageMs ?? 0);
}
