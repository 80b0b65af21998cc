import type { CounterDeclaration, GaugeDeclaration, HistogramDeclaration, MetricDeclaration } from "./catalogue.ts";
import type { Fold } from "./label-folding.ts";
import { createSeriesTable, knownLabelSets, type Labels } from "./series-table.ts";

/** One line of the exposition; `metricName` where it differs from the metric's own. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** What one metric has collected, and the functions of the caller that collect it. */
export interface Collector {
  readonly handle: object;
  readonly samples: () => readonly Sample[];
}

/**
 * Makes the collector of a declared metric. A labelled one takes `(labels, value)`, one without labels just `(value)`.
 * Numbers that make no sense are ignored: no job fails because of its measurement.
 */
export function createCollector(name: string, declaration: MetricDeclaration, fold: Fold): Collector {
  switch (declaration.kind) {
    case "counter":
      return createCounter(declaration, fold);
    case "histogram":
      return createHistogram(name, declaration, fold);
    case "gauge":
      return createGauge(declaration, fold);
    default:
      return declaration satisfies never;
  }
}

function createCounter(declaration: CounterDeclaration, fold: Fold): Collector {
  const series = createSeriesTable(declaration.labels, fold, () => ({ value: 0 }));
  for (const labels of knownLabelSets(declaration.labels)) series.at(labels);
  const add = (labels: Labels, by: number): void => {
    if (by > 0 && Number.isFinite(by)) series.at(labels).value += by;
  };
  const samples = () => series.entries().map(([labels, { value }]) => ({ labels, value }));
  if (isLabelled(declaration)) return { handle: { inc: (labels: Labels, by = 1) => add(labels, by) }, samples };
  return { handle: { inc: (by = 1) => add({}, by) }, samples };
}

function createHistogram(name: string, declaration: HistogramDeclaration, fold: Fold): Collector {
  const { buckets } = declaration;
  const series = createSeriesTable(declaration.labels, fold, () => ({
    sum: 0,
    counts: new Float64Array(buckets.length + 1),
  }));
  for (const labels of knownLabelSets(declaration.labels)) series.at(labels);
  const add = (labels: Labels, value: number): void => {
    if (!Number.isFinite(value)) return;
    // The database's clock and ours differ by a little: a wait of "-2 ms" was no wait.
    const seconds = Math.max(value, 0);
    const one = series.at(labels);
    const within = buckets.findIndex((bound) => seconds <= bound);
    const bucket = within < 0 ? buckets.length : within;
    one.sum += seconds;
    one.counts[bucket] = (one.counts[bucket] ?? 0) + 1;
  };
  const bucketSamples = (labels: Labels, counts: Float64Array): Sample[] => {
    let count = 0;
    return Array.from(counts, (inBucket, bucket) => {
      count += inBucket;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: buckets[bucket] ?? "+Inf" }, value: count };
    });
  };
  const samples = () =>
    series.entries().flatMap(([labels, { sum, counts }]) => {
      const cumulative = bucketSamples(labels, counts);
      const count = cumulative.at(-1)?.value ?? 0;
      return cumulative.concat(
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      );
    });
  if (isLabelled(declaration)) return { handle: { observe: add }, samples };
  return { handle: { observe: (value: number) => add({}, value) }, samples };
}

function createGauge(declaration: GaugeDeclaration, fold: Fold): Collector {
  const series = createSeriesTable<{ value: number | undefined }>(declaration.labels, fold, () => ({
    value: undefined,
  }));
  const put = (labels: Labels, value: number): void => {
    if (!Number.isFinite(value)) return;
    const one = series.at(labels);
    if (one.value === undefined) one.value = value;
    else one.value = declaration.merge === "sum" ? one.value + value : Math.max(one.value, value);
  };
  const replace = (rows: Iterable<readonly [Labels, number]>): void => {
    series.clear();
    for (const [labels, value] of rows) put(labels, value);
  };
  const samples = () => series.entries().map(([labels, { value = 0 }]) => ({ labels, value }));
  if (isLabelled(declaration)) return { handle: { replace }, samples };
  if (declaration.startsAbsent !== true) replace([[{}, 0]]);
  return { handle: { set: (value: number) => replace([[{}, value]]) }, samples };
}

function isLabelled(declaration: MetricDeclaration): boolean {
  return Object.keys(declaration.labels).length > 0;
}
