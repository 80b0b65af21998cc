import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { MillraceError } from "@millrace/contract";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { startUpkeep, type Upkeep, type UpkeepOptions } from "./upkeep.ts";

let upkeep: Upkeep | undefined;

beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  await upkeep?.stop();
  vi.useRealTimers();
});

/** Starts upkeep with nothing to do but what `store` says. */
function start(store: Partial<UpkeepOptions["store"]>, options: Partial<UpkeepOptions> = {}): void {
  upkeep = startUpkeep({
    store: {
      promoteDue: async () => ({ promoted: 0, nextDueInMs: null }),
      rescueExpired: async () => ({ retried: 0, dead: 0, postponed: 0 }),
      admitHeld: async () => 0,
      ensurePartitions: async () => 0,
      dropExpired: async () => ({ dropped: 0, remaining: 0 }),
      cancelOrphans: async () => 0,
      sweepKeys: async () => 0,
      foldCounts: async () => 0,
      queueStats: async () => [],
      ...store,
    },
    pollIntervalMs: 10_000,
    rescueIntervalMs: 10_000,
    sampleIntervalMs: 10_000,
    metrics: createMetrics({ service: "test", version: "0", defaultMetrics: false }),
    logger: silentLogger,
    ...options,
  });
}
const away = () => new MillraceError("UNAVAILABLE", "too slow");

describe("upkeep", () => {
  it("asks for partitions again about a minute after a failure", async () => {
    let asked = 0;
    start({ ensurePartitions: () => (asked++, Promise.reject(away())) });
    await vi.advanceTimersByTimeAsync(40_000);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(asked).toBe(2);
  });

  it("folds on at once only while that makes the counts fewer", async () => {
    const answers = [5_000, 10_000, 4_999];
    let asked = 0;
    start({ foldCounts: () => Promise.resolve(answers[asked++] ?? 0) });
    // The first comes within the interval, the one after the last not before three quarters of it.
    while (asked === 0) await vi.advanceTimersByTimeAsync(50);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(asked).toBe(3);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(asked).toBe(4);
  });

  it("rescues fewer leases at a time while a step fails, and all it may after a success", async () => {
    const limits: number[] = [];
    start({
      rescueExpired(limit) {
        limits.push(limit);
        return limits.length <= 8
          ? Promise.reject(away())
          : Promise.resolve({ retried: limit === 1 ? 1 : 0, dead: 0, postponed: 0 });
      },
    });
    await vi.advanceTimersByTimeAsync(50_000);
    expect(limits.slice(0, 10)).toEqual([100, 50, 25, 12, 6, 3, 1, 1, 1, 100]);
  });

  it("goes on at once behind a claim that was put off, one by one until a rescue succeeds", async () => {
    const limits: number[] = [];
    start({
      rescueExpired(limit) {
        limits.push(limit);
        if (limit > 1 && limits.length <= 7) return Promise.reject(away());
        const retried = limits.length === 9 ? 1 : 0;
        return Promise.resolve({ retried, dead: 0, postponed: limits.length <= 8 ? 1 : 0 });
      },
    });
    await vi.advanceTimersByTimeAsync(50_000);
    expect(limits.slice(0, 10)).toEqual([100, 50, 25, 12, 6, 3, 1, 1, 1, 100]);
  });

  it("admits at once when a wake-up says that jobs wait for their keys, and every second in case nobody says so", async () => {
    let admitted = 0;
    let notify: (payload: string) => void = () => undefined;
    start(
      { admitHeld: () => Promise.resolve(++admitted) },
      {
        listen: (_channel, onNotify) => {
          notify = onNotify;
          return Promise.resolve({ close: () => Promise.resolve() });
        },
      },
    );
    await vi.advanceTimersByTimeAsync(1_500);
    expect(admitted).toBe(2);
    notify('[["acme","a"]]');
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted).toBe(2);
    notify('[["acme","a","held"]]');
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted).toBe(3);
    notify("");
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted).toBe(4);
  });

  it("comes back a minute later for partitions that somebody was reading", async () => {
    const answers = [
      { dropped: 1, remaining: 1 },
      { dropped: 1, remaining: 0 },
    ];
    let asked = 0;
    start({ dropExpired: () => Promise.resolve(answers[asked++] ?? { dropped: 0, remaining: 0 }) });
    await vi.advanceTimersByTimeAsync(180_000);
    expect(asked).toBe(2);
  });

  it("cancels what waits for what is no longer kept once that is dropped, in bounded steps, and sweeps keys on while there are many", async () => {
    const calls: string[] = [];
    let keys = 2_500;
    start({
      dropExpired: () => (calls.push("drop"), Promise.resolve({ dropped: 1, remaining: 0 })),
      cancelOrphans: (step) => (calls.push(`cancel by ${step}`), Promise.resolve(250)),
      sweepKeys(limit) {
        const swept = Math.min(limit, keys);
        keys -= swept;
        return Promise.resolve(swept);
      },
    });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(calls).toEqual(["drop", "cancel by 100"]);
    expect(keys).toBe(0);
  });
});
