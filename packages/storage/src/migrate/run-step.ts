import type { DirectConnection } from "../database.ts";
import { tagOf } from "./compare.ts";
import { toMigrationError } from "./connection.ts";
import { rootMessage } from "./error.ts";
import { assertLockHeld, pause } from "./lock.ts";
import type { MigrationLog } from "./log.ts";
import { withRetry } from "./retry.ts";
import { prepareSession } from "./session.ts";
import type { Step } from "./step.ts";
import { recordFailed } from "./tracking/record-failed.ts";

/** A migration to run: `build` makes its scripts anew for each attempt, since an attempt may leave an invalid index. */
export interface StepToRun extends Pick<Step, "direction" | "version" | "name"> {
  readonly build: () => Promise<Step>;
}

export interface RunStepOptions {
  readonly log: MigrationLog;
  readonly signal: AbortSignal | undefined;
}

/** Runs one migration, again while locks are not free. @throws MigrationError `failed` with PostgreSQL's words. */
export async function runStep(
  connection: DirectConnection,
  { direction, version, name, build }: StepToRun,
  { log, signal }: RunStepOptions,
): Promise<void> {
  const startedAt = performance.now();
  const run = async (): Promise<void> => {
    const step = await build();
    await assertLockHeld(connection);
    await attempt(connection, step);
  };
  try {
    await withRetry(run, { log, pause: (ms) => pause(ms, signal) });
  } catch (error) {
    throw toMigrationError(error, { file: `${tagOf({ version, name })}.${direction}.sql`, version });
  }
  const durationMs = Math.round(performance.now() - startedAt);
  log({ message: direction === "up" ? "applied" : "reverted", version, name, durationMs });
}

async function attempt(connection: DirectConnection, step: Step): Promise<void> {
  try {
    for (const script of step.scripts) await connection.exec(script);
  } catch (error) {
    // The first error is the one to report; on a lost connection these fail too, and the server rolls back by itself.
    await cleanUp(connection, step, error).catch(() => {});
    throw error;
  }
}

async function cleanUp(connection: DirectConnection, step: Step, error: unknown): Promise<void> {
  if (step.mode === "transaction") {
    await connection.exec("rollback");
    return;
  }
  await prepareSession(connection);
  await connection.exec(recordFailed(step.version, rootMessage(error)));
}
