import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** The long polls of a process: a bounded number, which end with the client or with the process. */
export interface Waiters {
  /** Runs a wait with a signal that fires when nobody waits any more. @throws RATE_LIMITED when there are too many */
  wait<Answer>(c: ApiContext, run: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>;
  /** Ends all waits, and each that comes, as if its time were over. */
  end(): void;
}

/** Each wait asks the database now and then, so there is a bound to them. */
export function createWaiters(waitersMax: number): Waiters {
  const waiting = new Set<AbortController>();
  let ended = false;
  return {
    async wait(c, run) {
      if (waiting.size >= waitersMax) {
        throw new MillraceError("RATE_LIMITED", "Too many requests are waiting for jobs; ask again.", {
          retryAfterMs: 1_000,
        });
      }
      const controller = new AbortController();
      const gone = () => controller.abort();
      if (ended) gone();
      waiting.add(controller);
      c.env.outgoing.once("close", gone);
      try {
        return await run(controller.signal);
      } finally {
        waiting.delete(controller);
        c.env.outgoing.off("close", gone);
      }
    },
    end() {
      ended = true;
      for (const controller of waiting) controller.abort();
    },
  };
}
