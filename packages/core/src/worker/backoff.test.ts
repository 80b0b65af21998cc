import { describe, expect, it } from "vitest";

import { backoffMs, jitter } from "./backoff.ts";

const draws = (draw: () => number) => Array.from({ length: 500 }, draw);

describe("the pause after failures", () => {
  it.each([
    [1, 50, 100],
    [2, 100, 200],
    [5, 800, 1_600],
    [7, 2_500, 5_000],
    [10_000, 2_500, 5_000],
  ])("number %i is %i to %i milliseconds", (failures, least, most) => {
    const values = draws(() => backoffMs(failures));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...values)).toBeLessThanOrEqual(most);
    // Drawn from the whole span: a fleet must not come back as one.
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan((most - least) / 2);
  });
});

describe("jitter", () => {
  it("is a quarter either way", () => {
    const values = draws(() => jitter(100));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(75);
    expect(Math.max(...values)).toBeLessThanOrEqual(125);
  });
});
