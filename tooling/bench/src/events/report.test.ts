import { expect, test } from "vitest";

import type { BenchRecord, SampleRecord } from "../queues/record.ts";
import { eventsReport } from "./report.ts";

const run: BenchRecord = {
  kind: "run",
  at: "2030-01-02T03:04:05.000Z",
  command: "pnpm bench events",
  rounds: 1,
  machine: "2 × CPU",
  versions: { node: "26.0.0" },
};

function sample(name: string, perSecond: number): SampleRecord {
  const values = { events: 10, perSecond, otherShare: 0.25 };
  return { kind: "sample", measure: "ndjson", name, title: `The ${name}`, settings: "none", round: 0, values };
}

test("a contender's line says how many times our events a second that is, and how busy the machine was", () => {
  const { page, charts } = eventsReport([run, sample("millrace", 1_000), sample("echo", 4_000)]);
  const line = page.split("\n").find((text) => text.startsWith("| The echo"));
  expect(line).toMatch(/\| +4,000 \| +4,000–4,000 \| +4\.00 \|.*25 % \(25 %\)/);
  expect(Object.keys(charts)).toEqual(["events-ndjson.svg"]);
});

test("a tenant beside a flood is told by its 95th percentile, as many times that of it alone in the same round", () => {
  const calm = (name: string, round: number, p95Ms: number): SampleRecord => {
    const values = { perSecond: 100, p50Ms: 1, p95Ms, p99Ms: 9, floodPerSecond: 12_345 };
    return { kind: "sample", measure: "flood", name, title: `The ${name}`, settings: "none", round, values };
  };
  const { page, charts } = eventsReport([
    run,
    calm("millrace", 0, 5),
    calm("flood-upload", 0, 10),
    calm("millrace", 1, 20),
    calm("flood-upload", 1, 20),
  ]);
  const line = page.split("\n").find((text) => text.startsWith("| The flood-upload"));
  expect(line).toMatch(/\| +15.0 \| +10\.0–20\.0 \| +9\.00 \| +1\.50 \| +12,345 \|/);
  expect(charts["events-flood.svg"]).toContain("15.0 ms");
});
