/** How fast a log is consumed, from its watermark as it was seen. */
export interface DrainRate {
  seen(atMs: number, watermark: number): void;
  /** Offsets a second over the last seconds; undefined while too little was seen. */
  perSecond(): number | undefined;
}

const windowMs = 10_000;
const windowMsMin = 500;

/** Makes a measurement over the last ten seconds. */
export function createDrainRate(): DrainRate {
  let points: { readonly atMs: number; readonly watermark: number }[] = [];
  return {
    seen(atMs, watermark) {
      const last = points.at(-1);
      // After a pause nobody can say how much of it the consumer was busy.
      if (last !== undefined && atMs - last.atMs > windowMs) points = [];
      points = [...points.filter((point) => atMs - point.atMs <= windowMs), { atMs, watermark }];
    },
    perSecond() {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined || last.atMs - first.atMs < windowMsMin) return undefined;
      return ((last.watermark - first.watermark) * 1_000) / (last.atMs - first.atMs);
    },
  };
}
