import { parseArgs } from "node:util";

import { pagesDir, resultsDir, typedPath } from "../places.ts";
import { readCount } from "../queues/options.ts";

/** How many finished jobs, and how often each operation is measured. */
export interface HistoryOptions {
  readonly finished: number;
  readonly samples: number;
  readonly out: string;
}

/** Reads `--finished` (10,000,000), `--quick` (100,000 and few samples) and `--out`. @throws TypeError or RangeError with a sentence */
export function readHistoryOptions(args: readonly string[]): HistoryOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { finished: { type: "string" }, quick: { type: "boolean", default: false }, out: { type: "string" } },
  });
  const { quick } = values;
  return {
    finished: readCount("finished", values.finished ?? (quick ? "100000" : "10000000")),
    samples: quick ? 50 : 500,
    out: typedPath(values.out ?? (quick ? resultsDir : pagesDir)),
  };
}
