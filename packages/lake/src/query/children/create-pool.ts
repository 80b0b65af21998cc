import { MillraceError } from "@millrace/contract";
import type { Logger } from "@millrace/telemetry";

import { type ChildOptions, type QueryChild, startChild } from "./start-child.ts";

export interface PoolOptions extends ChildOptions {
  readonly children: number;
  readonly waitingMax: number;
  readonly logger: Logger;
}

/** Warm children, each lent to one query at a time, replaced when they end. */
export interface ChildPool {
  /**
   * Waits for a free child; a query that was `admitted` comes before those that are still to be checked, and is not refused.
   * @throws RATE_LIMITED when too many wait; the signal's reason; UNAVAILABLE when it closes
   */
  borrow(signal: AbortSignal, admitted?: boolean): Promise<QueryChild>;
  /** Gives a child back: it is lent again when its next instance is there. */
  giveBack(child: QueryChild): void;
  /** Resolves when all children are warm. @throws UNAVAILABLE when one doesn't start */
  ready(): Promise<void>;
  stats(): { readonly idle: number; readonly busy: number; readonly waiting: number };
  close(): Promise<void>;
}

interface Waiter {
  readonly admitted: boolean;
  readonly resolve: (child: QueryChild) => void;
  readonly reject: (error: unknown) => void;
}

/** Loans after which a child is replaced, so that what its heap keeps does not grow for ever: a query takes two. */
const loansPerChild = 1_000;
const restartMsMax = 5_000;

/** Starts the children at once. */
export function createPool({ children, waitingMax, logger, ...childOptions }: PoolOptions): ChildPool {
  // What a process keeps of earlier queries counts against its limit, and the next one is to have its memory too.
  const grownBytesMax = childOptions.memoryBytes / 2;
  const living = new Map<QueryChild, { loans: number }>();
  const idle: QueryChild[] = [];
  const waiting: Waiter[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let warm = Promise.resolve();
  let failedStarts = 0;
  let busy = 0;
  let isClosed = false;

  const start = async (): Promise<void> => {
    const child = startChild(childOptions);
    living.set(child, { loans: 0 });
    let isWarm = false;
    void child.exited.then((how) => replace(child, how, isWarm));
    await child.ready();
    isWarm = true;
    failedStarts = 0;
    lend(child);
  };

  const replace = (child: QueryChild, how: string, wasWarm: boolean): void => {
    living.delete(child);
    const at = idle.indexOf(child);
    if (at >= 0) idle.splice(at, 1);
    if (isClosed) return;
    if (!wasWarm) {
      failedStarts += 1;
      logger.error({ component: "query", reason: how }, "a process for queries did not start");
      for (const waiter of waiting.splice(0)) waiter.reject(unavailable("No process for queries could be started."));
    }
    const delayMs = wasWarm ? 0 : Math.min(100 * 2 ** failedStarts, restartMsMax);
    const timer = setTimeout(() => {
      timers.delete(timer);
      start().catch(() => undefined);
    }, delayMs);
    timers.add(timer);
  };

  const lend = (child: QueryChild): void => {
    const waiter = waiting.shift();
    if (waiter === undefined) {
      idle.push(child);
      return;
    }
    busy += 1;
    waiter.resolve(child);
  };

  const refresh = async (child: QueryChild): Promise<void> => {
    const grownBytes = await child.ready();
    const state = living.get(child);
    if (state === undefined) return;
    state.loans += 1;
    if (state.loans >= loansPerChild || grownBytes > grownBytesMax) child.kill();
    else lend(child);
  };

  warm = Promise.all(Array.from({ length: children }, start)).then(() => undefined);
  warm.catch(() => undefined);

  return {
    borrow(signal, admitted = false) {
      if (isClosed) return Promise.reject(unavailable("The query engine is closing."));
      signal.throwIfAborted();
      const child = idle.shift();
      if (child !== undefined) {
        busy += 1;
        return Promise.resolve(child);
      }
      if (!admitted && waiting.length >= waitingMax) {
        return Promise.reject(
          new MillraceError("RATE_LIMITED", "Too many queries are waiting.", { retryAfterMs: 1_000 }),
        );
      }
      const { promise, ...settle } = Promise.withResolvers<QueryChild>();
      const waiter = { ...settle, admitted };
      const before = admitted ? waiting.findIndex((other) => !other.admitted) : -1;
      waiting.splice(before < 0 ? waiting.length : before, 0, waiter);
      signal.addEventListener(
        "abort",
        () => {
          const at = waiting.indexOf(waiter);
          if (at >= 0) waiting.splice(at, 1);
          waiter.reject(signal.reason);
        },
        { once: true },
      );
      return promise;
    },
    giveBack(child) {
      busy -= 1;
      refresh(child).catch(() => undefined);
    },
    ready: () =>
      warm.catch((error: unknown) => {
        throw unavailable("No process for queries could be started.", error);
      }),
    stats: () => ({ idle: idle.length, busy, waiting: waiting.length }),
    async close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const waiter of waiting.splice(0)) waiter.reject(unavailable("The query engine is closing."));
      const ends = [...living.keys()].map((child) => {
        child.kill();
        return child.exited;
      });
      await Promise.all(ends);
    },
  };
}

function unavailable(message: string, cause?: unknown): MillraceError {
  return new MillraceError("UNAVAILABLE", message, { cause });
}
