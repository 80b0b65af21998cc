/** Measured values of one variant in one round, by the name of what was measured. */
export interface Sample {
  readonly variant: string;
  readonly round: number;
  readonly values: Readonly<Record<string, number>>;
}

/** What all rounds of one variant come to. */
export interface Summary {
  readonly variant: string;
  readonly rounds: number;
  readonly medians: Readonly<Record<string, number>>;
  /** How many times the baseline's value. */
  readonly ratios: Readonly<Record<string, number>>;
  /** The least and the most of those ratios in any round. */
  readonly spreads: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * Sums up the variants in the order in which they first come. A ratio is the median of the ratios within each round, not the ratio of medians:
 * what slows a whole round down, slows both sides of it.
 */
export function summarise(samples: readonly Sample[], baseline: string): readonly Summary[] {
  const base = new Map(samples.filter(({ variant }) => variant === baseline).map((sample) => [sample.round, sample]));
  const byVariant = Map.groupBy(samples, ({ variant }) => variant);
  return [...byVariant].map(([variant, own]) => {
    const ratios = own.map(({ round, values }) => ratiosTo(base.get(round)?.values ?? {}, values));
    return {
      variant,
      rounds: own.length,
      medians: byName(
        own.map(({ values }) => values),
        median,
      ),
      ratios: byName(ratios, median),
      spreads: byName(ratios, (all) => [Math.min(...all), Math.max(...all)] as const),
    };
  });
}

/** The middle value; of an even number of values the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError("Nothing has no median");
  return (lower + upper) / 2;
}

/** Brings the values of each name together, from the records that have it. */
function byName<Result>(
  records: readonly Readonly<Record<string, number>>[],
  sumUp: (values: readonly number[]) => Result,
): Record<string, Result> {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries([...names].map((name) => [name, sumUp(records.flatMap((record) => record[name] ?? []))]));
}

function ratiosTo(base: Readonly<Record<string, number>>, values: Readonly<Record<string, number>>) {
  const ratios = Object.entries(values).map(([name, value]) => [name, value / (base[name] ?? Number.NaN)] as const);
  return Object.fromEntries(ratios.filter(([, ratio]) => Number.isFinite(ratio)));
}
