import { expect, test } from "vitest";

import type { BenchRecord, SampleRecord } from "./record.ts";
import { reportOf } from "./report.ts";

const run: BenchRecord = {
  kind: "run",
  at: "2030-01-02T03:04:05.000Z",
  command: "pnpm bench",
  rounds: 2,
  machine: "2 × CPU",
  versions: { node: "26.0.0" },
};

function sample(name: string, round: number, perSecond: number): SampleRecord {
  return {
    kind: "sample",
    measure: "drain",
    name,
    title: `The ${name}`,
    settings: `${name} 1`,
    round,
    values: { jobs: 10, perSecond },
  };
}

const samples = [
  sample("millrace", 0, 1_000),
  sample("rival", 0, 500),
  sample("rival", 1, 100),
  sample("millrace", 1, 400),
];

test("a rival's line says how many times faster ours is, by the rounds", () => {
  const { page } = reportOf([run, ...samples]);
  const line = page.split("\n").find((text) => text.startsWith("| The rival"));
  // Twice and four times as fast come to 2.67, since a median of two is between them: 1 / mean(0.5, 0.25).
  expect(line).toMatch(/\| +300 \| +100–500 \| +2\.67 \|/);
});

test("every table has its chart, and only measures that were run are told", () => {
  const { page, charts } = reportOf([run, ...samples]);
  expect(Object.keys(charts)).toEqual(["queues-drain.svg"]);
  expect(page).toContain("(queues-drain.svg)");
  expect(page).not.toContain("Pickup of a single job");
});

test("a run that failed is told", () => {
  const { values: _, ...about } = sample("rival", 1, 0);
  const { page } = reportOf([run, ...samples, { ...about, kind: "failure", message: "2 jobs are left" }]);
  expect(page).toContain("drain, The rival, round 2: 2 jobs are left");
});
