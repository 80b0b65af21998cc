import { describe, expect, it } from "vitest";

import { createPace, jobsAhead } from "./pace.ts";

describe("the pace", () => {
  it("is what was finished lately", () => {
    let nowMs = 0;
    const pace = createPace(() => nowMs);
    for (nowMs = 0; nowMs < 100; nowMs++) pace.finished();
    expect(pace.perMs()).toBeCloseTo(1, 1);
    nowMs = 1_000;
    expect(pace.perMs()).toBe(0);
  });

  it("speaks up within its first window", () => {
    const pace = createPace(() => 5);
    for (let count = 0; count < 100; count++) pace.finished();
    expect(pace.perMs()).toBe(2);
  });
});

describe("jobs claimed ahead", () => {
  it("are the prefetch while slots get free now and then, and none while no slot does", () => {
    expect(jobsAhead(10, 0.1, 2)).toBe(10);
    expect(jobsAhead(10, 0, 2)).toBe(0);
  });

  it("are as many as get done during three claims where jobs are quick", () => {
    expect(jobsAhead(10, 20, 2)).toBe(120);
  });

  it("are bounded, however fast the jobs and slow the claims", () => {
    expect(jobsAhead(10, 500, 20)).toBe(1_000);
    expect(jobsAhead(10, 2, 10_000)).toBe(200);
  });

  it("are none without prefetch", () => {
    expect(jobsAhead(0, 500, 20)).toBe(0);
  });
});
