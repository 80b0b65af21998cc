import { expect, test } from "vitest";

import { printReport } from "./print-report.ts";
import { runChaos } from "./run-chaos.ts";

test(
  "killed, frozen and cut off processes and a PostgreSQL that comes and goes break no promise",
  { timeout: 600_000 },
  async () => {
    const report = await runChaos({ seed: 1, durationMs: 15_000 });
    expect(printReport(report)).toContain("nothing broken");
    // A run in which little happened proves little.
    expect(report.acknowledged).toBeGreaterThan(200);
    expect(report.faults.length).toBeGreaterThan(8);
  },
);
