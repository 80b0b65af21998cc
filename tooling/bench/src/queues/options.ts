import { parseArgs } from "node:util";

import { pagesDir, typedPath } from "../places.ts";

/** What is measured, how much, and where it goes. */
export interface Options {
  readonly rounds: number;
  /** Names of measures or contenders; without one of a kind, all of that kind. */
  readonly only: readonly string[];
  readonly quick: boolean;
  /** The folder of the page and its charts; undefined for none. */
  readonly out: string | undefined;
  /** The records of an earlier run, to write up once more instead of measuring. */
  readonly from: string | undefined;
  /** How long a steady state is measured. */
  readonly steadySeconds: number;
  /** How long everything else is. */
  readonly seconds: number;
  readonly pickups: number;
  /** How long to wait for a quiet machine before each measurement. */
  readonly patienceMs: number;
}

/**
 * Reads `--rounds` (3), `--only` (a list of measures and contenders), `--quick` (one short round), `--out` (a folder; `docs/benchmarks`,
 * but none when something is left out or quick), `--seconds` of a steady state (60) and `--from` (a file of records). @throws TypeError or RangeError with a sentence
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      out: { type: "string" },
      from: { type: "string" },
      seconds: { type: "string" },
    },
  });
  const { quick } = values;
  const only = values.only.flatMap((list) => list.split(",")).filter(Boolean);
  const isWhole = !quick && only.length === 0;
  const outDefault = isWhole ? pagesDir : undefined;
  return {
    rounds: readCount("rounds", values.rounds ?? (quick ? "1" : "3")),
    only,
    quick,
    out: values.out === undefined ? outDefault : typedPath(values.out),
    from: values.from === undefined ? undefined : typedPath(values.from),
    steadySeconds: readCount("seconds", values.seconds ?? (quick ? "3" : "60")),
    seconds: quick ? 1 : 5,
    pickups: quick ? 100 : 400,
    patienceMs: quick ? 0 : 10_000,
  };
}

/** Reads a whole number above 0. @throws RangeError with a sentence */
export function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`--${name} takes a whole number above 0.`);
  return count;
}
