import { expect, test } from "vitest";

import type { BenchRecord } from "../queues/record.ts";
import { lakeReport } from "./report.ts";

const records: readonly BenchRecord[] = [
  {
    kind: "run",
    at: "2030-01-02T03:04:05.000Z",
    command: "pnpm bench lake --store s3",
    rounds: 2,
    machine: "2 × CPU",
    versions: { node: "26.0.0" },
  },
  ...[30, 10].map((overP50Ms, round) => ({
    kind: "sample" as const,
    measure: "files",
    name: "files-10",
    title: "10",
    settings: "defaults",
    round,
    values: { files: 10, overP50Ms },
  })),
];

test("a page on S3 has charts of its own, and says medians of the rounds", () => {
  const { page, charts } = lakeReport(records, "lake-s3");
  expect(Object.keys(charts)).toEqual(["lake-s3-files.svg"]);
  expect(page).toContain("(lake-s3-files.svg)");
  expect(page.split("\n").find((line) => line.startsWith("| 10 "))).toMatch(/\| +20\.0 \|/);
});
