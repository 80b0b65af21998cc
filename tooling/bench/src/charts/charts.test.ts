import { expect, test } from "vitest";

import { barChart } from "./bar-chart.ts";
import { lineChart, niceAbove } from "./line-chart.ts";

function widths(chart: string): readonly number[] {
  return [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
}

test("a bar's length is proportional to its value, from zero", () => {
  const bar = (value: number) => ({ label: `the ${value}`, value, ours: value === 200 });
  const [whole = 0, half = 0] = widths(barChart({ title: "t", unit: "jobs/s", bars: [bar(200), bar(100)] }));
  expect(whole).toBeGreaterThan(0);
  expect(half).toBeCloseTo(whole / 2, 0);
});

test("a label can't break the picture", () => {
  const chart = barChart({ title: "a < b & c", unit: "ms", bars: [{ label: "<script>", value: 1, ours: false }] });
  expect(chart).toContain("a &lt; b &amp; c");
  expect(chart).not.toContain("<script>");
});

test("what is marked covers its share of the time", () => {
  const points = [
    [0, 10],
    [100, 20],
  ] as const;
  const marked = { fromSeconds: 25, toSeconds: 75, label: "held" };
  const chart = lineChart({ title: "t", unit: "jobs/s", lines: [{ label: "ours", points, ours: true }], marked });
  expect(widths(chart)).toEqual([330]);
  expect(chart).toContain(`d="M80 160L740 60"`);
});

test("an axis ends at a round number that holds the highest value", () => {
  expect([0, 1, 1.1, 3_400, 9_999].map(niceAbove)).toEqual([1, 1, 2, 5_000, 10_000]);
});
