import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** The long polls of a process: a bounded number, which end with the client or with the process. */
export interface Waiters {
  /**
   * Runs a wait with a signal that fires when nobody waits any more; once waits have been ended it has fired before.
   * @throws RATE_LIMITED when there are too many, of all or of the tenant; REQUEST_TIMEOUT, which nobody reads, when the client has gone already
   */
  wait<Answer>(c: ApiContext, run: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>;
  /** Ends all waits as if their time were over, and lets none begin. */
  end(): void;
}

/** Waits share their looks at the database (see JobWatch): what each costs is a connection. */
export const waitersMaxDefault = 5_000;

/** Claims that wait cost the database nothing, only memory, so there may be many more. */
export const claimWaitersMaxDefault = 4_096;

/** How many of a process's waits one tenant may have: a quarter, so that no tenant takes the others' place. */
export function tenantWaitersMax(waitersMax: number): number {
  return Math.ceil(waitersMax / 4);
}

/** Makes a bound for waits of one kind. */
export function createWaiters(waitersMax: number): Waiters {
  const waiting = new Set<AbortController>();
  const byTenant = new Map<string, number>();
  let ended = false;

  function enter(tenantId: string): void {
    if (waiting.size >= waitersMax) throw tooMany("Too many requests are waiting for jobs; ask again.");
    const own = byTenant.get(tenantId) ?? 0;
    if (own >= tenantWaitersMax(waitersMax)) {
      throw tooMany("Too many requests of this tenant are waiting for jobs; ask again.");
    }
    byTenant.set(tenantId, own + 1);
  }

  function leave(tenantId: string): void {
    const own = byTenant.get(tenantId) ?? 0;
    if (own > 1) byTenant.set(tenantId, own - 1);
    else byTenant.delete(tenantId);
  }

  return {
    async wait(c, run) {
      const { tenantId } = c.get("actor");
      // It may have left while its key was looked up: "close" has come then, and never comes again.
      if (c.env.outgoing.destroyed) throw new MillraceError("REQUEST_TIMEOUT", "The client has gone.");
      enter(tenantId);
      const controller = new AbortController();
      const gone = () => controller.abort();
      if (ended) gone();
      waiting.add(controller);
      c.env.outgoing.once("close", gone);
      try {
        return await run(controller.signal);
      } finally {
        waiting.delete(controller);
        leave(tenantId);
        c.env.outgoing.off("close", gone);
      }
    },
    end() {
      ended = true;
      for (const controller of waiting) controller.abort();
    },
  };
}

function tooMany(message: string): MillraceError {
  return new MillraceError("RATE_LIMITED", message, { retryAfterMs: 1_000 });
}
