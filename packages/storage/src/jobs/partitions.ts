import type { Executor, Statement } from "../executor.ts";

/** Few, because a read by id probes every partition. */
const daysAhead = 2;

/** The function serialises itself by a transaction lock and skips what exists, so any number of workers may call it. One at a time: its locks end with it. */
const ensureStatement: Statement = {
  name: "jobs.ensurePartitions",
  text: `select millrace.ensure_history_partitions($1::integer, 1) as made`,
};

/** Makes history's partitions for the coming days; answers how many it made. */
export async function ensurePartitions(db: Executor): Promise<number> {
  for (let all = 0; ; all++) {
    const [row] = await db.query<{ made: number }>(ensureStatement, [daysAhead], { timeoutMs: 30_000 });
    if ((row?.made ?? 0) === 0) return all;
  }
}
