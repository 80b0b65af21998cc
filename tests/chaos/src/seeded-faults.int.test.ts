import { describe, expect, test } from "vitest";

import { checkHistory } from "@millrace/e2e/history";
import { saboteurs } from "@millrace/storage/testing";

import {
  claimsAtOnce,
  livingLease,
  playScene,
  staleWrite,
  threeHold,
  workedOff,
} from "./testing/in-process/play-scene.ts";
import { runInProcess } from "./testing/in-process/run-in-process.ts";

const faults = {
  "lets a stale owner write": { scene: staleWrite, sabotage: saboteurs.withoutFence, invariant: "stale" },
  "acknowledges before it commits": {
    scene: workedOff,
    sabotage: saboteurs.acknowledgingBeforeCommit,
    invariant: "lost",
  },
  "gives two claimers the same job": {
    scene: claimsAtOnce,
    sabotage: saboteurs.claimingWithoutLocks,
    invariant: "doubled",
  },
  "takes a lease that runs for over": {
    scene: livingLease,
    sabotage: saboteurs.rescuingTheLiving,
    invariant: "overlap",
  },
};

describe("the check of a history", () => {
  test("finds nothing wrong with the store as it is, though workers write when others have their jobs", async () => {
    const events = await runInProcess({ seed: 1, jobs: 60 });
    expect(checkHistory(events, { everyAttemptRuns: false })).toEqual([]);
    // A stale owner has tried, or the run proves nothing.
    expect(events.filter((event) => event.kind === "settled" && event.ok === false)).not.toEqual([]);
  });

  test.each(Object.entries(faults))("finds a store out that %s, and only such a one", async (_, fault) => {
    const { scene, sabotage, invariant } = fault;
    const check = (events: Parameters<typeof checkHistory>[0]) =>
      checkHistory(events, { everyAttemptRuns: false }).map((violation) => violation.invariant);
    expect(check(await playScene(scene))).toEqual([]);
    expect(check(await playScene(scene, sabotage()))).toContain(invariant);
  });

  test("finds a store out that lets more jobs run at once than the limit", async () => {
    const events = await playScene(threeHold);
    const check = (max: number) =>
      checkHistory(events, { everyAttemptRuns: false, limits: { queues: { default: max } } });
    expect(check(3)).toEqual([]);
    expect(check(2)).toEqual([expect.objectContaining({ invariant: "limit" })]);
  });
});
