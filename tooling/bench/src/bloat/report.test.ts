import { expect, test } from "vitest";

import type { BloatSample } from "./record.ts";
import { phasesOf } from "./report.ts";

const sample = (seconds: number): BloatSample => ({
  kind: "sample",
  name: "a",
  title: "A",
  seconds,
  perSecond: 1,
  backlog: 0,
  deadTuples: 0,
  worst: {},
  bytes: 0,
  otherShare: null,
});

test("a look belongs to the phase in which what it counts began", () => {
  const phases = phasesOf([5, 10, 15, 20, 25].map(sample), 10, 20);
  expect(phases.map(({ phase, samples }) => [phase, samples.map(({ seconds }) => seconds)])).toEqual([
    ["before", [5, 10]],
    ["while it is held", [15, 20]],
    ["after", [25]],
  ]);
});
