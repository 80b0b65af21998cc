import { describe, expect, it } from "vitest";

import { checkHistory } from "./check-history.ts";
import type { Effect, HistoryEvent, Observed } from "./event.ts";

const none = { lost: [], misled: [], doubled: [], stale: [], unrun: [] };

const run = (jobId: string, attempt: number, more: Partial<Effect> = {}): Effect => ({
  kind: "effect",
  jobId,
  attempt,
  fence: attempt,
  worker: `worker-${attempt}`,
  ...more,
});

const seen = (jobId: string, attempts: number, more: Partial<Observed> = {}): Observed => ({
  kind: "observed",
  jobId,
  status: "completed",
  attempts,
  finishedBy: { fence: attempts, worker: `worker-${attempts}` },
  ...more,
});

/** Done at once; done at the third attempt; dead as it should be. */
const sound: readonly HistoryEvent[] = [
  { kind: "acknowledged", jobId: "a", ends: "completed" },
  { kind: "acknowledged", jobId: "b", ends: "completed" },
  { kind: "acknowledged", jobId: "c", ends: "dead" },
  run("a", 1),
  run("b", 1),
  run("b", 2),
  run("b", 3),
  run("c", 1),
  seen("a", 1),
  seen("b", 3),
  seen("c", 1, { status: "dead", finishedBy: null }),
];

const without = (kind: HistoryEvent["kind"], jobId: string) =>
  sound.filter((event) => !(event.kind === kind && event.jobId === jobId));

describe("the check of a history", () => {
  it("finds nothing wrong with a sound one, in whatever order it was written", () => {
    expect(checkHistory(sound)).toEqual(none);
    expect(checkHistory(sound.toReversed())).toEqual(none);
  });

  it("sees a job that is gone, and one that never ended", () => {
    expect(checkHistory(without("observed", "a"))).toEqual({ ...none, lost: ["a"] });
    const open = [...without("observed", "a"), seen("a", 1, { status: "running", finishedBy: null })];
    expect(checkHistory(open)).toEqual({ ...none, lost: ["a"] });
  });

  it("sees a job that ended otherwise than it had to", () => {
    const dead = [...without("observed", "a"), seen("a", 1, { status: "dead", finishedBy: null })];
    expect(checkHistory(dead)).toEqual({ ...none, misled: ["a"] });
  });

  it("sees one claim that ran twice, and one attempt that two claims ran", () => {
    expect(checkHistory([...sound, run("a", 1)], { everyAttemptRuns: false })).toEqual({ ...none, doubled: ["a"] });
    const twice = [...sound, run("c", 1, { fence: 2 })];
    expect(checkHistory(twice, { everyAttemptRuns: false })).toEqual({ ...none, doubled: ["c"] });
  });

  it("sees a completion by an owner whose lease had gone to another", () => {
    const stale = [...without("observed", "b"), seen("b", 3, { finishedBy: { fence: 2, worker: "worker-2" } })];
    expect(checkHistory(stale)).toEqual({ ...none, stale: ["b"] });
  });

  it("sees a completion by somebody who never ran the job, and one that nobody signed", () => {
    const stranger = [...without("observed", "a"), seen("a", 1, { finishedBy: { fence: 1, worker: "worker-9" } })];
    expect(checkHistory(stranger)).toEqual({ ...none, stale: ["a"] });
    expect(checkHistory([...without("observed", "a"), seen("a", 1, { finishedBy: null })]).stale).toEqual(["a"]);
  });

  it("sees attempts that no handler ran, where none may be lost on the way", () => {
    const unrun = sound.filter((event) => !(event.kind === "effect" && event.jobId === "b" && event.attempt === 2));
    expect(checkHistory(unrun)).toEqual({ ...none, unrun: ["b"] });
    expect(checkHistory(unrun, { everyAttemptRuns: false })).toEqual(none);
  });
});
