import { setTimeout as delay } from "node:timers/promises";

import type { DirectConnection } from "../database.ts";
import { MigrationError } from "./error.ts";
import type { MigrationLog } from "./log.ts";

/** "millrace" in ASCII. Advisory locks belong to one database, so the name of the database is no part of it. */
const lockKey = 7_883_951_835_720_016_741n;
const pollMsMin = 50;
const pollMsMax = 500;

const tryLock = { name: "migration_lock.try", text: `select pg_try_advisory_lock(${lockKey}) as locked` };
const unlock = { name: "migration_lock.release", text: `select pg_advisory_unlock(${lockKey})` };
const held = {
  name: "migration_lock.held",
  text: `select exists (
  select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted
    and (classid::bigint << 32 | objid::bigint) = ${lockKey} and objsubid = 1
) as held`,
};

export interface LockOptions {
  readonly lockWaitMs: number;
  readonly log: MigrationLog;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `body` as the only migrator of this database. The lock is polled: a session that blocks in `pg_advisory_lock` has an
 * open snapshot, which CREATE INDEX CONCURRENTLY of the holder waits for, and the two deadlock.
 */
export async function withMigrationLock<T>(
  connection: DirectConnection,
  { lockWaitMs, log, signal }: LockOptions,
  body: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + lockWaitMs;
  let pollMs = pollMsMin;
  let waiting = false;
  while (!(await isLocked(connection))) {
    const leftMs = giveUpAt - performance.now();
    if (leftMs <= 0) throw new MigrationError("locked", `Another migrator held the lock for ${lockWaitMs} ms.`);
    if (!waiting) log({ message: "waiting for another migrator" });
    waiting = true;
    await pause(Math.min(leftMs, pollMs * (0.5 + Math.random() / 2)), signal);
    pollMs = Math.min(pollMsMax, pollMs * 2);
  }
  try {
    return await body();
  } finally {
    // A lost session has lost its lock already.
    await connection.query(unlock).catch(() => {});
  }
}

/** A pooler that hands every transaction to another session would leave the lock behind: that must not go unnoticed. */
export async function assertLockHeld(connection: DirectConnection): Promise<void> {
  const [row] = await connection.query<{ held: boolean }>(held);
  if (row?.held) return;
  throw new MigrationError(
    "unreachable",
    "The session lost its migration lock: give the migrator a direct connection, not a pooled one.",
  );
}

/** Waits, or throws the `aborted` error when the signal fires. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  assertNotAborted(signal);
}

/** Throws the `aborted` error when the signal has fired. */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MigrationError("aborted", "The run was stopped before it was done.");
}

async function isLocked(connection: DirectConnection): Promise<boolean> {
  const [row] = await connection.query<{ locked: boolean }>(tryLock);
  return row?.locked === true;
}
