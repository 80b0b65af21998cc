import { expect, test } from "vitest";

import { serverCpuBetween } from "./cpu-time.ts";

test("a session that ends between two readings takes nothing off the others' CPU time, and a new one adds all of its own", () => {
  const before = new Map([
    ["1", 100],
    ["2", 5_000],
  ]);
  const after = new Map([
    ["1", 130],
    ["3", 40],
  ]);
  expect(serverCpuBetween(before, after)).toBe(70);
});
