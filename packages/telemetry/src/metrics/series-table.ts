import type { LabelValues } from "./catalogue.ts";
import { type Fold, otherLabel } from "./label-folding.ts";

export type Labels = Readonly<Record<string, string>>;

/** The label sets of one metric, each with what is counted for it. */
export interface SeriesTable<Series> {
  at(labels: Labels): Series;
  clear(): void;
  entries(): IterableIterator<readonly [Labels, Series]>;
}

/** Two labels of 200 values each could still make 40,000 series; past this many, new sets count as `other` throughout. */
export const seriesMax = 2_000;

/** Makes a table that finds a label set's series by one map look-up and folds only label sets that it doesn't know. */
export function createSeriesTable<Series>(
  declared: Readonly<Record<string, LabelValues>>,
  fold: Fold,
  create: () => Series,
): SeriesTable<Series> {
  const names = Object.keys(declared);
  const known = new Map<string, readonly [Labels, Series]>();

  const keyOf = (labels: Labels): string => {
    let key = "";
    for (const name of names) key += `${labels[name]}\0`;
    return key;
  };
  const folded = (labels: Labels, bound: Fold): Labels =>
    Object.fromEntries(
      names.map((name) => {
        const value = String(labels[name]);
        return [name, declared[name] === "open" ? bound(name, value) : value];
      }),
    );
  const add = (labels: Labels): Series => {
    const within = folded(labels, fold);
    const bounded = known.size < seriesMax || known.has(keyOf(within)) ? within : folded(labels, () => otherLabel);
    const key = keyOf(bounded);
    const entry = known.get(key) ?? ([bounded, create()] as const);
    known.set(key, entry);
    return entry[1];
  };

  return {
    at: (labels) => known.get(keyOf(labels))?.[1] ?? add(labels),
    clear: () => known.clear(),
    entries: () => known.values(),
  };
}
