import { number } from "../format.ts";
import { type Summary, summarise } from "../summarise.ts";
import type { FailureRecord, SampleRecord } from "./record.ts";

/** A contender in the table of a measure. */
export interface Row extends Summary {
  readonly title: string;
  readonly range: readonly [number, number];
  /** The share of others, in the worst round. */
  readonly otherMost: number;
}

/** The lines of a measure's table; ratios are those to the contender that is called `millrace`. */
export function rowsOf(
  { name, key }: { readonly name: string; readonly key: string },
  samples: readonly SampleRecord[],
): readonly Row[] {
  const own = samples.filter(({ measure }) => measure === name);
  const flat = own.map((sample) => ({ variant: sample.name, round: sample.round, values: sample.values }));
  return summarise(flat, "millrace").map((summary) => {
    const mine = own.filter((sample) => sample.name === summary.variant);
    const values = mine.flatMap(({ values: all }) => all[key] ?? []);
    const otherMost = Math.max(0, ...mine.flatMap(({ values: all }) => all["otherShare"] ?? []));
    const range = [Math.min(...values), Math.max(...values)] as const;
    return { ...summary, title: mine[0]?.title ?? "", range, otherMost };
  });
}

/** What each contender was set to, a line each. */
export function settingsOf(samples: readonly SampleRecord[]): string {
  const known = Map.groupBy(samples, ({ title, settings }) => `${title}\n${settings}`);
  const rows = [...known.values()].flatMap((same) => {
    const [first] = same;
    const where = [...new Set(same.map(({ measure }) => measure))].join(", ");
    return first === undefined ? [] : [{ title: first.title, settings: first.settings, where }];
  });
  return rows
    .toSorted((a, b) => a.title.localeCompare(b.title))
    .map(({ title, settings, where }) => `- ${title} (${where}): ${settings}.`)
    .join("\n");
}

/** A section about the runs that came to nothing; empty where none did. */
export function failuresOf(failures: readonly FailureRecord[]): string {
  if (failures.length === 0) return "";
  const lines = failures.map(
    ({ measure, title, round, message }) => `- ${measure}, ${title}, round ${number(round + 1)}: ${message}`,
  );
  return `\n\n## Runs that came to nothing\n\n${lines.join("\n")}`;
}

/** A cell's text; a dash for what was not measured. */
export function cell(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "–" : format(value);
}
