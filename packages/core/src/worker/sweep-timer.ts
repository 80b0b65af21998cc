/** One timer for many moments: most of them are gone before they come, and cost no timer of their own. */
export interface SweepTimer {
  /** Has a sweep made at `atMs` of the monotonic clock, or a little later. */
  wakeBy(atMs: number): void;
  /** Forgets all moments. */
  stop(): void;
}

/** Longer waits overflow Node's timers, which then fire at once. */
const waitMsMax = 2_147_483_647;

/** Makes the timer: it is set for the earliest moment. `sweep` does what is due by `atMs`, and answers the next moment, or infinity. */
export function createSweepTimer(sweep: (atMs: number) => number, now: () => number): SweepTimer {
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;

  const stop = () => {
    clearTimeout(timer);
    timerAtMs = Number.POSITIVE_INFINITY;
  };

  const wakeBy = (atMs: number) => {
    if (atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(fire, Math.min(waitMsMax, Math.max(1, Math.ceil(atMs - now()))));
  };

  const fire = () => {
    stop();
    wakeBy(sweep(now()));
  };

  return { wakeBy, stop };
}
