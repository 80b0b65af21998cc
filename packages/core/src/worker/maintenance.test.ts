import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { MillraceError } from "@millrace/contract";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { type Maintenance, type MaintenanceOptions, startMaintenance } from "./maintenance.ts";
import { createOutages } from "./outages.ts";

let maintenance: Maintenance | undefined;

beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  await maintenance?.stop();
  vi.useRealTimers();
});

/** Starts maintenance with nothing to do but what `store` says. */
function start(store: Partial<MaintenanceOptions["store"]>): void {
  maintenance = startMaintenance({
    store: {
      promoteDue: async () => ({ promoted: 0, nextDueInMs: null }),
      rescueExpired: async () => ({ retried: 0, dead: 0 }),
      ensurePartitions: async () => 0,
      foldCounts: async () => 0,
      queueStats: async () => [],
      ...store,
    },
    settings: {
      pollIntervalMs: 10_000,
      rescueIntervalMs: 10_000,
      sampleIntervalMs: 10_000,
    } as MaintenanceOptions["settings"],
    outages: createOutages(silentLogger),
    metrics: createMetrics({ service: "test", version: "0", defaultMetrics: false }),
    logger: silentLogger,
    onDue: () => undefined,
  });
}
const away = () => new MillraceError("UNAVAILABLE", "too slow");

describe("maintenance", () => {
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
        return limits.length <= 8 ? Promise.reject(away()) : Promise.resolve({ retried: limit === 1 ? 1 : 0, dead: 0 });
      },
    });
    await vi.advanceTimersByTimeAsync(50_000);
    expect(limits.slice(0, 10)).toEqual([100, 50, 25, 12, 6, 3, 1, 1, 1, 100]);
  });
});
