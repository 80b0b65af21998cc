import { isMillraceError } from "@millrace/contract";
import { isConnectionLoss } from "@millrace/storage";

import { backoffMs } from "../worker/backoff.ts";

/** Claims that fail one after the other, and the pause before the next one: of one tenant, or of all. */
export interface Setback {
  /** The last failure; undefined when the last claim succeeded. */
  failure(): unknown;
  isPaused(): boolean;
  /** Begins a pause, longer with each failure in a row. */
  failed(error: unknown): void;
  recovered(): void;
  /** Ends the pause without a word. */
  clear(): void;
}

/** Makes one; `resume` is called at the end of each pause. */
export function createSetback(resume: () => void): Setback {
  let failures = 0;
  let failure: unknown;
  let pause: NodeJS.Timeout | undefined;

  function recovered(): void {
    failures = 0;
    failure = undefined;
  }

  return {
    failure: () => failure,
    isPaused: () => pause !== undefined,
    failed(error) {
      failure = error;
      clearTimeout(pause);
      pause = setTimeout(() => {
        pause = undefined;
        resume();
      }, backoffMs(++failures));
    },
    recovered,
    clear() {
      recovered();
      clearTimeout(pause);
      pause = undefined;
    },
  };
}

/** True when nobody can reach the database; anything else, such as a claim that takes too long, may be one tenant's. */
export function isAway(error: unknown): boolean {
  const cause = isMillraceError(error) ? error.cause : error;
  const isLate = cause instanceof Error && "code" in cause && cause.code === "STATEMENT_DEADLINE";
  return isConnectionLoss(cause) && !isLate;
}
