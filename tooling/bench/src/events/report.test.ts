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
