import { describe, expect, test } from "vitest";

import { type Invariant, checkHistory } from "@millrace/e2e/history";
import { saboteurs } from "@millrace/storage/testing";

import { runInProcess } from "./testing/in-process/run-in-process.ts";

const run = { seed: 1, jobs: 60 };

const found = async (options: Parameters<typeof runInProcess>[0], limits = {}): Promise<ReadonlySet<Invariant>> =>
  new Set(
    checkHistory(await runInProcess(options), { everyAttemptRuns: false, limits }).map(({ invariant }) => invariant),
  );

describe("the check of a history", () => {
  test("finds nothing wrong with the store as it is, though workers sleep past their leases", async () => {
    const events = await runInProcess(run);
    expect(checkHistory(events, { everyAttemptRuns: false })).toEqual([]);
    // A stale owner has tried, or the run proves nothing.
    expect(events.filter((event) => event.kind === "settled" && event.ok === false).length).toBeGreaterThan(3);
  });

  test("finds a store out that lets a stale owner write", async () => {
    expect(await found({ ...run, wrap: saboteurs.withoutFence() })).toContain("stale");
  });

  test("finds a store out that acknowledges before it commits", async () => {
    expect(await found({ ...run, wrap: saboteurs.acknowledgingBeforeCommit() })).toContain("lost");
  });

  test("finds a store out that gives two claimers the same job", async () => {
    expect(await found({ ...run, wrap: saboteurs.claimingWithoutLocks() })).toContain("doubled");
  });

  test("finds a store out that takes a lease that runs for over", async () => {
    expect(await found({ ...run, wrap: saboteurs.rescuingTheLiving() })).toContain("overlap");
  });

  test("finds a store out that lets more jobs run at once than the limit", async () => {
    expect(await found(run, { queues: { default: 2 } })).toContain("limit");
  });
});
