import type { Executor, Statement } from "../executor.ts";

/** Few, because a read by id probes every partition. */
const daysAhead = 2;

/** The function serialises itself by a transaction lock and skips what exists, so any number of workers may call it. */
const ensureStatement: Statement = {
  name: "jobs.ensurePartitions",
  text: `select millrace.ensure_history_partitions($1::integer) as made`,
};

/** Makes history's partitions for the coming days; answers how many it made. */
export async function ensurePartitions(db: Executor): Promise<number> {
  const [row] = await db.query<{ made: number }>(ensureStatement, [daysAhead], { timeoutMs: 30_000 });
  return row?.made ?? 0;
}
