import { parseArgs } from "node:util";

import { pagesDir, resultsDir, typedPath } from "../places.ts";
import { readCount } from "../queues/options.ts";

/** How long, how fast and against whom. */
export interface BloatOptions {
  readonly seconds: number;
  /** The snapshot is held for this long, from `heldFromSeconds` on. */
  readonly heldSeconds: number;
  readonly heldFromSeconds: number;
  readonly perSecond: number;
  readonly names: readonly string[];
  readonly out: string;
  readonly sampleSeconds: number;
}

/**
 * Reads `--seconds` (600), `--rate` in jobs a second (8,000), `--rival` (the fastest one on PostgreSQL), `--quick` (30 seconds) and `--out`.
 * A fifth of the time, from two fifths on, a snapshot is held. @throws TypeError or RangeError with a sentence
 */
export function readBloatOptions(args: readonly string[]): BloatOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string" },
      rate: { type: "string", default: "8000" },
      rival: { type: "string", default: "graphile-worker-local" },
      quick: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { quick } = values;
  const seconds = readCount("seconds", values.seconds ?? (quick ? "30" : "600"));
  return {
    seconds,
    heldSeconds: seconds / 5,
    heldFromSeconds: (seconds / 5) * 2,
    perSecond: readCount("rate", values.rate),
    names: ["millrace", values.rival],
    out: typedPath(values.out ?? (quick ? resultsDir : pagesDir)),
    sampleSeconds: Math.max(1, Math.min(10, Math.floor(seconds / 30))),
  };
}
