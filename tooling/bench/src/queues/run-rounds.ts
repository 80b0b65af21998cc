import { waitForCalm } from "../calm.ts";
import { killRemotes } from "../remote.ts";
import type { BenchPostgres } from "../with-postgres.ts";
import type { Entry, Measure } from "./measure.ts";
import type { Options } from "./options.ts";
import type { FailureRecord, SampleRecord } from "./record.ts";
import type { Values } from "./values.ts";

/** However slow a contender is, it is given up on then, and the run goes on. */
const deadlineMs = 240_000;

/**
 * Measures everything once a round, the contenders of one measure one right after the other, so that what slows the machine for a while slows
 * all of them; the order turns around with each round.
 */
export async function runRounds(
  postgres: BenchPostgres,
  measures: readonly Measure[],
  options: Options,
  write: (record: SampleRecord | FailureRecord) => void,
): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    for (const measure of measures) {
      const entries = choose(measure.entries(postgres, options), options.only);
      for (const entry of round % 2 === 0 ? entries : entries.toReversed()) {
        await waitForCalm(options.patienceMs);
        write(await runEntry(measure, entry, round, options));
      }
    }
  }
}

/** Those that are named; all of them where none is. */
export function choose<Named extends { readonly name: string }>(
  all: readonly Named[],
  only: readonly string[],
): readonly Named[] {
  const named = all.filter(({ name }) => only.includes(name));
  return named.length === 0 ? all : named;
}

/** @throws RangeError with a sentence for names of `--only` that nothing has */
export function refuseUnknown(only: readonly string[], names: readonly string[]): void {
  const known = [...new Set(names)];
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new RangeError(`--only knows no ${unknown.join(", ")}; it takes ${known.join(", ")}.`);
}

async function runEntry(
  measure: Measure,
  { run, ...entry }: Entry,
  round: number,
  options: Options,
): Promise<SampleRecord | FailureRecord> {
  const about = { measure: measure.name, ...entry, round };
  const place = `round ${round + 1} of ${options.rounds}, ${measure.name}, ${entry.name}`;
  try {
    const values = await withDeadline(run(), deadlineMs + options.steadySeconds * 1_000);
    console.error(`${place}: ${inShort(values)}`);
    return { kind: "sample", ...about, values };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`${place}: FAILED: ${message}`);
    return { kind: "failure", ...about, message: message.replaceAll(/\s+/g, " ").slice(0, 300) };
  }
}

/** Kills the processes of work that takes too long, which then fails and cleans up after itself. */
async function withDeadline<Value>(work: Promise<Value>, ms: number): Promise<Value> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killRemotes();
  }, ms);
  try {
    return await work;
  } catch (error) {
    throw isLate ? new Error(`It took longer than ${ms / 1_000} s`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

function inShort(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value >= 100 ? Math.round(value) : value.toPrecision(3)}`)
    .join(", ");
}
