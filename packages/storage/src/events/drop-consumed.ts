import type { Executor, Statement } from "../executor.ts";

/** Reads the catalogue only. */
const pastStatement: Statement = {
  name: "events.pastPartitions",
  text: `select p.name from millrace.past_event_partitions() p order by p.name`,
};

/** Of callers at the same time one drops it; the others find it gone, or are told that it is busy. */
const dropStatement: Statement = {
  name: "events.dropPartition",
  text: `select millrace.drop_event_partition($1::text) as dropped`,
};

/** Drops the log's partitions of the past in which every event is consumed; answers how many. */
export async function dropConsumed(db: Executor): Promise<number> {
  let dropped = 0;
  for (const { name } of await db.query<{ name: string }>(pastStatement)) {
    const [row] = await db.query<{ dropped: boolean }>(dropStatement, [name]);
    if (row?.dropped === true) dropped++;
  }
  return dropped;
}
