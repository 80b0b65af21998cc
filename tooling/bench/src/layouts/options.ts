import { parseArgs } from "node:util";

/** How much is measured. */
export interface Options {
  readonly rounds: number;
  readonly jobs: number;
}

/** Reads `--rounds` (default 3) and `--jobs` (default 50,000). @throws TypeError or RangeError with a sentence */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: "string", default: "3" }, jobs: { type: "string", default: "50000" } },
  });
  return { rounds: readCount("rounds", values.rounds), jobs: readCount("jobs", values.jobs) };
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`--${name} takes a whole number above 0.`);
  return count;
}
