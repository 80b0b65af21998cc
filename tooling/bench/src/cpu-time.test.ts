import { spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import { canReadCpu, endedChildrenMicros, treeCpuMicros } from "./cpu-time.ts";

test("the time of ended children is found behind a name with brackets and blanks", () => {
  const stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 0 0 0 0 11 12 130 40 20 0 9 0 55 0";
  expect(endedChildrenMicros(stat)).toBe(1_700_000);
});

test.runIf(canReadCpu)(
  "what a child used counts after it has ended",
  () => {
    const before = treeCpuMicros(process.pid);
    const work = "const end = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < end);";
    spawnSync(process.execPath, ["--eval", work]);
    expect(treeCpuMicros(process.pid) - before).toBeGreaterThan(80_000);
  },
  60_000,
);
