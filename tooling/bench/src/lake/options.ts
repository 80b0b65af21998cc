import { parseArgs } from "node:util";

import { pagesDir, resultsDir } from "../places.ts";
import { type Options, readCount, readOptions } from "../queues/options.ts";

/** What is measured of a lake, how long, and where its files are. */
export interface LakeOptions extends Omit<Options, "out"> {
  readonly store: "fs" | "s3";
  readonly rateSeconds: number;
  readonly out: string;
}

/**
 * Reads `--store` (`fs`, or `s3`), `--seconds` of each rate (30, quick 4), and `--rounds`, `--only`, `--quick`, `--from` and `--out` as for queues; a run that is
 * quick or leaves something out goes into the folder of results. @throws TypeError or RangeError with a sentence
 */
export function readLakeOptions(args: readonly string[]): LakeOptions {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: { store: { type: "string", default: "fs" }, seconds: { type: "string" } },
    strict: false,
    tokens: true,
  });
  const { store } = values;
  if (store !== "fs" && store !== "s3") throw new RangeError("--store takes fs or s3.");
  // Both forms, `--store s3` and `--store=s3`, are taken out, since the options of queues know no store.
  const own = new Set(
    tokens.flatMap((token) => {
      if (token.kind !== "option" || token.name !== "store") return [];
      return token.inlineValue === true ? [token.index] : [token.index, token.index + 1];
    }),
  );
  const options = readOptions(args.filter((_, at) => !own.has(at)));
  const secondsDefault = options.quick ? "4" : "30";
  const isWhole = !options.quick && options.only.length === 0;
  return {
    ...options,
    store,
    rateSeconds: readCount("seconds", typeof values.seconds === "string" ? values.seconds : secondsDefault),
    out: options.out ?? (isWhole ? pagesDir : resultsDir),
  };
}
