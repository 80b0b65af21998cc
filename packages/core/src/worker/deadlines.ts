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

/** Longer waits overflow Node's timers, which then fire at once. */
const waitMsMax = 2_147_483_647;

/** One timer for all: set for the earliest, it looks again when it fires. Most entries are gone before their time, and cost no timer of their own. */
export function createDeadlines(now: () => number = () => performance.now()): Deadlines {
  const entries = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;

  const sweep = () => {
    timer = undefined;
    timerAtMs = Number.POSITIVE_INFINITY;
    const at = now();
    for (const entry of entries) {
      if (entry.atMs <= at && entries.delete(entry)) entry.fire();
    }
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of entries) earliestMs = Math.min(earliestMs, atMs);
    arm(earliestMs);
  };

  const arm = (atMs: number) => {
    if (atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(sweep, Math.min(waitMsMax, Math.max(1, Math.ceil(atMs - now()))));
  };

  return {
    add(atMs, fire) {
      const entry = { atMs, fire };
      entries.add(entry);
      arm(atMs);
      return () => entries.delete(entry);
    },
    close() {
      clearTimeout(timer);
      entries.clear();
    },
  };
}
