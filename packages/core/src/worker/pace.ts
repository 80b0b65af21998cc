const windowMs = 50;

/** How fast jobs have been finishing of late. */
export interface Pace {
  finished(): void;
  /** Jobs finished per millisecond over the last windows; 0 when none was finished lately. */
  perMs(): number;
}

/** Makes a meter of two windows: the last full one speaks, unless the present one is already busier. */
export function createPace(now: () => number = () => performance.now()): Pace {
  let startMs = now();
  let count = 0;
  let last = 0;

  const turn = () => {
    const elapsedMs = now() - startMs;
    if (elapsedMs < windowMs) return;
    last = elapsedMs < 2 * windowMs ? count / elapsedMs : 0;
    count = 0;
    startMs += elapsedMs;
  };

  return {
    finished() {
      turn();
      count++;
    },
    perMs() {
      turn();
      return Math.max(last, count / windowMs);
    },
  };
}

const tripsBuffered = 3;
const bufferMsMax = 100;
const aheadMax = 1_000;

/**
 * How many jobs to hold ahead of free slots: none while no slot gets free, since a job that waits here could be at work elsewhere; else `prefetch`,
 * or where that is done before the next claim is back, as many as get done in the time of three claims. Where the claims are what limits the
 * pace, that lets them grow until they no longer do. Without prefetch none ever.
 */
export function jobsAhead(prefetch: number, perMs: number, claimMs: number): number {
  if (prefetch === 0 || perMs === 0) return 0;
  return Math.max(prefetch, Math.min(aheadMax, Math.floor(perMs * Math.min(tripsBuffered * claimMs, bufferMsMax))));
}
