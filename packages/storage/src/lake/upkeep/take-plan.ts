import type { Executor, Statement } from "../../executor.ts";

/**
 * One update of one row, in a transaction of its own: of those who come at the same time one finds it due, and the others see its time when they have its lock.
 * The time before is read under that lock, since the row is locked first.
 */
const takePlanStatement: Statement = {
  name: "lake.take_plan",
  text: `
with due as materialized (
  select s.only_row, s.planned_at from millrace.lake_state s
  where s.planned_at is null or s.planned_at <= clock_timestamp() - $1::float8 * interval '1 millisecond'
  for update
)
update millrace.lake_state s set planned_at = clock_timestamp() from due where s.only_row = due.only_row
returning coalesce(extract(epoch from due.planned_at) * 1000, 0)::bigint as "fromMs", (extract(epoch from s.planned_at) * 1000)::bigint as "toMs"`,
};

/** A time that is planned for, by the database's clock: from (exclusive), and to (inclusive). */
export interface PlannedSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The time since the last plan of any process; undefined where that is not `everyMs` ago. From 0 where nothing was ever planned. */
export async function takePlan(db: Executor, everyMs: number): Promise<PlannedSpan | undefined> {
  const [span] = await db.query<PlannedSpan>(takePlanStatement, [everyMs]);
  return span;
}
