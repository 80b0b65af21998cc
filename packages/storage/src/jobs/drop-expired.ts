import type { Executor, Statement } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import { deleteExpiredRows } from "./delete-expired-rows.ts";
import { sweepCounts } from "./finished-counts.ts";
import { deleteForgotten } from "./forgotten.ts";
import type { DroppedExpired } from "./job-store.ts";

/** 8 MiB of a partition at a time: a few milliseconds. */
const keyBlocks = 1_000;

/** Reads the catalogue only. */
const expiredStatement: Statement = {
  name: "jobs.expiredPartitions",
  text: `select e.name, e.parent like '%\\_jobs' as "hasKeys" from millrace.expired_partitions() e order by e.name`,
};

/** Repeatable: a key goes only while it names the job of that very row, and nothing is written to a partition any more whose range has passed. */
const freeKeysStatement: Statement = {
  name: "jobs.freeExpiredKeys",
  text: `select millrace.free_expired_keys($1::text, $2::bigint, ${keyBlocks}) as next`,
};

/** Of callers at the same time one drops it; the others find it gone, or are told that it is busy. */
const dropStatement: Statement = {
  name: "jobs.dropExpiredPartition",
  text: `select millrace.drop_expired_partition($1::text) as dropped`,
};

interface Expired {
  readonly name: string;
  readonly hasKeys: boolean;
}

/**
 * Forgets what has been kept for its time: drops partitions whose whole range has passed, one at a time, the keys of their jobs before, their
 * counts after. Each step is a transaction of its own that can be done again, so whoever is stopped in between leaves the rest to the next call.
 */
export async function dropExpired(db: Executor): Promise<DroppedExpired> {
  let dropped = 0;
  let remaining = 0;
  for (const { name, hasKeys } of await db.query<Expired>(expiredStatement)) {
    if (await dropOne(db, name, hasKeys)) dropped++;
    else remaining++;
  }
  if (!(await unlessLocked(() => deleteExpiredRows(db)))) remaining++;
  await sweepCounts(db);
  await deleteForgotten(db);
  return { dropped, remaining };
}

/** False when somebody holds its table or one of its keys: the others are not to wait for that one. */
async function dropOne(db: Executor, name: string, hasKeys: boolean): Promise<boolean> {
  let dropped = false;
  await unlessLocked(async () => {
    if (hasKeys) await freeKeys(db, name);
    const [row] = await db.query<{ dropped: boolean }>(dropStatement, [name]);
    dropped = row?.dropped === true;
  });
  return dropped;
}

async function unlessLocked(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (!isLocked(error)) throw error;
    return false;
  }
}

async function freeKeys(db: Executor, partition: string): Promise<void> {
  for (let block: number | null = 0; block !== null;) {
    const rows: readonly { readonly next: number | null }[] = await db.query(freeKeysStatement, [partition, block]);
    block = rows[0]?.next ?? null;
  }
}
