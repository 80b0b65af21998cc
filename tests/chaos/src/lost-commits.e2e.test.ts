import { expect, test } from "vitest";

import { runChaos } from "./run-chaos.ts";

/** PostgreSQL acknowledges what it has not written, and writes as late as it can: what a crash takes then was acknowledged. */
const forgetful = { synchronous_commit: "off", wal_writer_delay: "10s", wal_buffers: "64MB" };

test(
  "a chaos run finds it out when jobs are acknowledged before they are safe from a crash",
  { timeout: 600_000 },
  async () => {
    const crash = { kind: "restartPostgres", mode: "immediate", downMs: 0 } as const;
    // Each of them finds a job that is not written yet, unless the producer stood still just then.
    const faults = [2_000, 4_000, 6_000].map((atMs) => ({ atMs, fault: crash }));
    const report = await runChaos({ seed: 1, durationMs: 7_000, faults, postgres: forgetful });
    expect(report.violations.map(({ invariant }) => invariant)).toContain("lost");
  },
);
