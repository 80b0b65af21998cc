import { createSweepTimer } from "./sweep-timer.ts";

/** Things to do at their time, unless they are done with before. */
export interface Deadlines {
  /** Calls `fire` at `atMs` of the monotonic clock, or a little later. Answers how to forget it. */
  add(atMs: number, fire: () => void): () => void;
  /** Forgets all of them. */
  close(): void;
}

interface Entry {
  readonly atMs: number;
  readonly fire: () => void;
}

/** Makes an empty list. */
export function createDeadlines(now: () => number = () => performance.now()): Deadlines {
  const entries = new Set<Entry>();
  const timer = createSweepTimer((at) => {
    for (const entry of entries) {
      if (entry.atMs <= at && entries.delete(entry)) entry.fire();
    }
    return entries.values().reduce((earliestMs, { atMs }) => Math.min(earliestMs, atMs), Number.POSITIVE_INFINITY);
  }, now);

  return {
    add(atMs, fire) {
      const entry = { atMs, fire };
      entries.add(entry);
      timer.wakeBy(atMs);
      return () => entries.delete(entry);
    },
    close() {
      timer.stop();
      entries.clear();
    },
  };
}
