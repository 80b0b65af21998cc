import type { Executor, Statement } from "../executor.ts";

/** Of ten minutes each: an hour in which nobody needs to do upkeep. */
const partitionsAhead = 6;

/** The function serialises itself by a transaction lock and skips what exists, so any number of processes may call it. One at a time: its locks end with it. */
const ensureStatement: Statement = {
  name: "events.ensurePartitions",
  text: `select millrace.ensure_event_partitions($1::integer, 1) as made`,
};

/** Makes the log's partitions for the coming hour; answers how many it made. */
export async function ensureEventPartitions(db: Executor): Promise<number> {
  for (let all = 0; ; all++) {
    const [row] = await db.query<{ made: number }>(ensureStatement, [partitionsAhead]);
    if ((row?.made ?? 0) === 0) return all;
  }
}
