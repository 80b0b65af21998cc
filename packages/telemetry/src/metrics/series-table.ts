import type { LabelValues } from "./catalogue.ts";
import { type Fold, otherLabel } from "./label-folding.ts";

export type Labels = Readonly<Record<string, string>>;

/** The label sets of one metric, each with what is counted for it. */
export interface SeriesTable<Series> {
  at(labels: Labels): Series;
  clear(): void;
  entries(): readonly (readonly [Labels, Series])[];
}

/** Two labels of 200 values each could still make 40,000 series; past this many, new sets count as `other` throughout. */
export const seriesMax = 2_000;

interface Node<Series> {
  readonly children: Map<string, Node<Series>>;
  series: Series | undefined;
}

/** Makes a table that finds a known label set by one map look-up a label, building no string; only unknown sets are folded. */
export function createSeriesTable<Series extends object>(
  declared: Readonly<Record<string, LabelValues>>,
  fold: Fold,
  create: () => Series,
): SeriesTable<Series> {
  const names = Object.keys(declared);
  let root = newNode<Series>();
  let known: (readonly [Labels, Series])[] = [];

  const find = (labels: Labels): Series | undefined => {
    let node = root;
    for (const name of names) {
      const next = node.children.get(labels[name] ?? "");
      if (next === undefined) return undefined;
      node = next;
    }
    return node.series;
  };
  const insert = (labels: Labels): Series => {
    let node = root;
    for (const value of Object.values(labels)) {
      const next = node.children.get(value) ?? newNode<Series>();
      node.children.set(value, next);
      node = next;
    }
    node.series = create();
    known.push([labels, node.series]);
    return node.series;
  };
  const folded = (labels: Labels, bound: Fold): Labels =>
    Object.fromEntries(
      Object.entries(declared).map(([name, values]) => {
        const value = labels[name] ?? "";
        return [name, values === "open" ? bound(name, value) : value];
      }),
    );
  const findFolded = (labels: Labels): Series => {
    const within = folded(labels, fold);
    const series = find(within);
    if (series !== undefined) return series;
    if (known.length < seriesMax) return insert(within);
    const beyond = folded(labels, () => otherLabel);
    return find(beyond) ?? insert(beyond);
  };

  return {
    at: (labels) => find(labels) ?? findFolded(labels),
    clear: () => {
      root = newNode<Series>();
      known = [];
    },
    entries: () => known,
  };
}

/**
 * The label sets that a metric has whatever happens: all there are where each label's values are listed, none where users choose one. A counter that is first
 * seen at 1 has not risen, so Prometheus would miss the first dead letter and the first lost job.
 */
export function knownLabelSets(declared: Readonly<Record<string, LabelValues>>): readonly Labels[] {
  let sets: readonly Labels[] = [{}];
  for (const [name, values] of Object.entries(declared)) {
    if (values === "open") return [];
    sets = sets.flatMap((labels) => values.map((value) => ({ ...labels, [name]: value })));
  }
  return sets;
}

function newNode<Series>(): Node<Series> {
  return { children: new Map(), series: undefined };
}
