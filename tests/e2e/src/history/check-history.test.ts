import { describe, expect, it } from "vitest";

import { type CheckOptions, checkHistory } from "./check-history.ts";
import type { Acknowledged, Beaten, Claimed, Ended, HistoryEvent, Observed, Settled, Started } from "./event.ts";

const leaseMs = 1_000;

const accepted = (jobId: string, more: Partial<Acknowledged> = {}): Acknowledged => ({
  kind: "acknowledged",
  jobId,
  ...more,
});

const run = (jobId: string, attempt: number, more: Partial<Started> = {}): Started => ({
  kind: "started",
  jobId,
  attempt,
  fence: attempt,
  worker: `worker-${attempt}`,
  atMs: attempt * 10_000,
  leaseUntilMs: attempt * 10_000 + leaseMs,
  ...more,
});

const ran = (jobId: string, fence: number, atMs: number): Ended => ({ kind: "ended", jobId, fence, atMs });

const claim = (jobId: string, fence: number, atMs: number, more: Partial<Claimed> = {}): Claimed => ({
  kind: "claimed",
  jobId,
  attempt: fence,
  fence,
  worker: `worker-${fence}`,
  fromMs: atMs - 5,
  atMs,
  leaseMs,
  ...more,
});

const settle = (jobId: string, fence: number, fromMs: number, more: Partial<Settled> = {}): Settled => ({
  kind: "settled",
  jobId,
  fence,
  worker: `worker-${fence}`,
  verb: "complete",
  fromMs,
  atMs: fromMs + 5,
  ok: true,
  status: "completed",
  ...more,
});

const beat = (jobId: string, fence: number, fromMs: number, more: Partial<Beaten> = {}): Beaten => ({
  kind: "beaten",
  jobId,
  fence,
  worker: `worker-${fence}`,
  fromMs,
  atMs: fromMs + 5,
  leaseMs,
  ok: true,
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

/** Done at once; done at the third attempt; dead as it should be; over HTTP, failed once and then done with a heartbeat. */
const sound: readonly HistoryEvent[] = [
  accepted("a", { ends: "completed" }),
  run("a", 1),
  ran("a", 1, 10_100),
  seen("a", 1),
  accepted("b", { ends: "completed", maxAttempts: 3 }),
  run("b", 1),
  run("b", 2),
  run("b", 3),
  seen("b", 3),
  accepted("c", { ends: "dead" }),
  run("c", 1),
  seen("c", 1, { status: "dead", finishedBy: null }),
  accepted("d", { ends: "completed", maxAttempts: 2 }),
  claim("d", 1, 100),
  settle("d", 1, 300, { verb: "fail", status: "pending" }),
  claim("d", 2, 400),
  beat("d", 2, 1_000),
  settle("d", 2, 1_900),
  settle("d", 1, 2_000, { ok: false }),
  seen("d", 2),
];

const without = (kind: HistoryEvent["kind"], jobId: string) =>
  sound.filter((event) => !(event.kind === kind && event.jobId === jobId));

const faultsOf = (events: readonly HistoryEvent[], options: CheckOptions = { everyAttemptRuns: false }) =>
  checkHistory(events, options).map(({ invariant, jobId }) => `${invariant} ${jobId}`);

describe("the check of a history", () => {
  it("finds nothing wrong with a sound one, in whatever order it was written", () => {
    expect(checkHistory(sound)).toEqual([]);
    expect(checkHistory(sound.toReversed())).toEqual([]);
  });

  it("sees a job that is gone, and one that never ended", () => {
    expect(faultsOf(without("observed", "a"))).toEqual(["lost a"]);
    const open = [...without("observed", "a"), seen("a", 1, { status: "running", finishedBy: null })];
    expect(faultsOf(open)).toEqual(["lost a"]);
  });

  it("sees a job that ended otherwise than it had to", () => {
    const dead = [...without("observed", "a"), seen("a", 1, { status: "dead", finishedBy: null })];
    expect(faultsOf(dead)).toEqual(["misled a"]);
  });

  it("sees a job that ended twice, in two ways, or was given out after its end", () => {
    const [first, second] = [claim("z", 1, 100), claim("z", 2, 2_000)];
    const twice = [first, settle("z", 1, 200), second, settle("z", 2, 2_100), seen("z", 2)];
    expect(faultsOf(twice)).toEqual(["ended twice z", "ended twice z"]);
    const both = [first, settle("z", 1, 200), seen("z", 1, { status: "dead", finishedBy: null })];
    expect(faultsOf(both)).toEqual(["ended twice z"]);
    const again = [first, settle("z", 1, 200), second, seen("z", 2)];
    expect(faultsOf(again)).toEqual(["ended twice z"]);
  });

  it("sees a completion, a failure and a heartbeat by an owner whose job had gone to another", () => {
    const held = [claim("z", 1, 100), claim("z", 2, 2_000)];
    expect(faultsOf([...held, settle("z", 1, 2_100, { verb: "fail", status: "pending" })])).toEqual(["stale z"]);
    expect(faultsOf([...held, beat("z", 1, 2_100)])).toContain("stale z");
    expect(faultsOf([...held, settle("z", 1, 2_100, { ok: false })])).toEqual([]);
    const stale = [...without("observed", "b"), seen("b", 3, { finishedBy: { fence: 2, worker: "worker-2" } })];
    expect(faultsOf(stale)).toEqual(["stale b"]);
  });

  it("sees a completion by somebody who never ran the job, and one that nobody signed", () => {
    const stranger = [...without("observed", "a"), seen("a", 1, { finishedBy: { fence: 1, worker: "worker-9" } })];
    expect(faultsOf(stranger)).toEqual(["stale a"]);
    expect(faultsOf([...without("observed", "a"), seen("a", 1, { finishedBy: null })])).toEqual(["stale a"]);
  });

  it("sees one claim that ran twice or was given out twice, and one attempt that two claims ran", () => {
    expect(faultsOf([...sound, run("a", 1)])).toEqual(["doubled a"]);
    expect(faultsOf([claim("z", 1, 100), claim("z", 1, 101, { worker: "other" })])).toEqual(["doubled z"]);
    expect(faultsOf([...sound, run("c", 1, { fence: 2, atMs: 50_000 })])).toEqual(["doubled c"]);
  });

  it("allows an attempt that was given back its number again", () => {
    const back = [claim("z", 1, 100), settle("z", 1, 200, { verb: "snooze", status: "pending" })];
    expect(faultsOf([...back, claim("z", 2, 300, { attempt: 1 })])).toEqual([]);
  });

  it("sees a fence that doesn't rise", () => {
    const fallen = [claim("z", 2, 100, { attempt: 1 }), claim("z", 1, 5_000, { attempt: 2 })];
    expect(faultsOf(fallen)).toEqual(["fence z"]);
  });

  it("sees two leases of one job in force at once, heartbeats counted in", () => {
    const early = [claim("z", 1, 100), claim("z", 2, 900)];
    expect(faultsOf(early)).toEqual(["overlap z"]);
    expect(faultsOf([claim("z", 1, 100), claim("z", 2, 1_200)])).toEqual([]);
    expect(faultsOf([claim("z", 1, 100), beat("z", 1, 1_000), claim("z", 2, 1_200)])).toEqual(["overlap z"]);
    expect(
      faultsOf([claim("z", 1, 100), settle("z", 1, 800, { verb: "release", ok: null }), claim("z", 2, 900)]),
    ).toEqual([]);
  });

  it("sees more attempts than a job may have", () => {
    const over = [accepted("z", { maxAttempts: 1 }), run("z", 1), run("z", 2), seen("z", 2)];
    expect(faultsOf(over)).toEqual(["exceeded z"]);
  });

  it("sees attempts that no handler ran, where none may be lost on the way", () => {
    const unrun = sound.filter((event) => !(event.kind === "started" && event.jobId === "b" && event.attempt === 2));
    expect(faultsOf(unrun, {})).toEqual(["unrun b"]);
    expect(faultsOf(unrun)).toEqual([]);
  });

  it("sees the instant at which a queue or a key has more jobs than it may", () => {
    const jobs = (gapMs: number, keys: readonly string[]) =>
      keys.flatMap((concurrencyKey, index) => {
        const [jobId, fromMs] = [`j${index}`, 100 + index * gapMs];
        const ack = accepted(jobId, { queue: "q", concurrencyKey });
        return [ack, claim(jobId, 1, fromMs), settle(jobId, 1, fromMs + 300), seen(jobId, 1)];
      });
    const check = (events: readonly HistoryEvent[], limits: CheckOptions["limits"]) =>
      faultsOf(events, { ...(limits && { limits }) });
    expect(check(jobs(200, ["k", "l", "k"]), { queues: { q: 1 } })).toEqual(["limit j1", "limit j2"]);
    expect(check(jobs(200, ["k", "l", "k"]), { queues: { q: 2 }, perKey: 1 })).toEqual([]);
    expect(check(jobs(200, ["k", "k"]), { perKey: 1 })).toEqual(["limit j1"]);
    expect(check(jobs(300, ["k", "k"]), { queues: { q: 1 }, perKey: 1 })).toEqual([]);
  });
});
