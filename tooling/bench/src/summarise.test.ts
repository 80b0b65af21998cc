import { expect, test } from "vitest";

import { median, summarise } from "./summarise.ts";

const sample = (variant: string, round: number, cpu: number) => ({ variant, round, values: { cpu } });

test("a median ignores one bad round, whatever the order of the rounds", () => {
  expect(median([3, 900, 1])).toBe(3);
  expect(median([10, 9])).toBe(9.5);
  expect(median([2, 10, 9, 100])).toBe(9.5);
  expect(() => median([])).toThrow(RangeError);
});

test("a ratio compares within a round, so that a slow machine slows both sides", () => {
  const samples = [sample("a", 0, 10), sample("b", 0, 20), sample("b", 1, 60), sample("a", 1, 30), sample("a", 2, 12)];
  const [a, b] = summarise([...samples, sample("b", 2, 12)], "a");
  expect(a).toEqual({
    variant: "a",
    rounds: 3,
    medians: { cpu: 12 },
    ratios: { cpu: 1 },
    spreads: { cpu: [1, 1] },
  });
  // The ratio of the medians would be 20 / 12.
  expect(b).toEqual({
    variant: "b",
    rounds: 3,
    medians: { cpu: 20 },
    ratios: { cpu: 2 },
    spreads: { cpu: [1, 2] },
  });
});

test("a value that the baseline lacks, or has as zero, has a median and no ratio", () => {
  const base = { variant: "a", round: 0, values: { wal: 0 } };
  const other = { variant: "b", round: 0, values: { wal: 5, hot: 0.5 } };
  expect(summarise([base, other], "a")[1]).toEqual({
    variant: "b",
    rounds: 1,
    medians: { wal: 5, hot: 0.5 },
    ratios: {},
    spreads: {},
  });
});

test("a value that one round lacks is summed up over the others", () => {
  const [a] = summarise([sample("a", 0, 4), { variant: "a", round: 1, values: {} }], "a");
  expect(a?.medians).toEqual({ cpu: 4 });
});
