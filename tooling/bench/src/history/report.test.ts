import { expect, test } from "vitest";

import { rowsOf } from "./report.ts";

test("an operation is compared with itself, in whatever order the two were measured", () => {
  const latency = (operation: string, p50Ms: number) => ({ operation, p50Ms, p99Ms: p50Ms * 2 });
  const rows = rowsOf({
    before: [latency("claim", 1), latency("list", 2), latency("only before", 3)],
    after: [latency("list", 20), latency("claim", 10)],
  });
  expect(rows.map(({ operation, before, after }) => [operation, before.p50Ms, after.p50Ms])).toEqual([
    ["claim", 1, 10],
    ["list", 2, 20],
  ]);
});
