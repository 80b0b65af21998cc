import { sqlState } from "../pg-error.ts";
import type { MigrationLog } from "./log.ts";

const attemptsMax = 10;
const backoffMsMin = 250;
const backoffMsMax = 10_000;

/** Somebody else held what the migration needed: lock timeout, deadlock, serialisation failure. */
const retryableStates: ReadonlySet<string> = new Set(["55P03", "40P01", "40001"]);

export interface RetryOptions {
  readonly log: MigrationLog;
  readonly pause: (ms: number) => Promise<void>;
}

/** Runs a whole migration again, up to ten times, when it only failed to get a lock. */
export async function withRetry<T>(run: () => Promise<T>, { log, pause }: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === attemptsMax || !retryableStates.has(sqlState(error) ?? "")) throw error;
      const backoffMs = Math.min(backoffMsMax, backoffMsMin * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      log({ message: "a lock was not free, trying again", attempt, durationMs: Math.round(backoffMs) });
      await pause(backoffMs);
    }
  }
}
