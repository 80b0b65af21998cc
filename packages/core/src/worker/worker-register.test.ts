import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { WorkerReport } from "@millrace/storage";
import { silentLogger } from "@millrace/telemetry";

import { createOutages } from "./outages.ts";
import { createWorkerRegister, type WorkerRegister } from "./worker-register.ts";

let reports: (readonly WorkerReport[])[];
let failing: boolean;
let register: WorkerRegister;

beforeEach(() => {
  vi.useFakeTimers();
  reports = [];
  failing = false;
  register = createWorkerRegister({
    store: {
      async reportWorkers(workers) {
        if (failing) throw new Error("away");
        reports.push(workers);
      },
    },
    outages: createOutages(silentLogger),
  });
});
afterEach(async () => {
  await register.stop();
  vi.useRealTimers();
});

describe("the register of a process's workers", () => {
  it("writes nothing while there are none, and a new one within a second", async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reports).toEqual([]);
    register.enter({ name: "a" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports).toEqual([[{ name: "a" }]]);
  });

  it("reports those that are there about every 15 seconds, and one that has gone once more", async () => {
    register.enter({ name: "a" });
    await vi.advanceTimersByTimeAsync(1_000);
    register.enter({ name: "b" })();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports.at(-1)?.map(({ name }) => name)).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reports.at(-1)?.map(({ name }) => name)).toEqual(["a"]);
    expect(reports.length).toBeGreaterThanOrEqual(5);
    expect(reports.length).toBeLessThanOrEqual(8);
  });

  it("says of one that asks for several things that it does them all", async () => {
    register.enter({ name: "a", queues: ["x"], types: ["t"] });
    register.enter({ name: "a", queues: ["y"] });
    register.enter({ tenantId: "acme", name: "a", queues: ["z"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports.at(-1)).toEqual([
      { name: "a", queues: ["y", "x"], types: undefined },
      { tenantId: "acme", name: "a", queues: ["z"] },
    ]);
  });

  it("forgets what a worker asked for before, however long another claim of its name waits", async () => {
    register.enter({ name: "a", queues: ["waits"] });
    for (let n = 0; n < 1_000; n++) register.enter({ name: "a", queues: [`gone-${n}`], types: [`t${n}`] })();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports.at(-1)).toEqual([{ name: "a", queues: ["waits", "gone-999"], types: undefined }]);
  });

  it("names so many queues and types of a worker, those it asked for last", async () => {
    for (let n = 0; n < 1_000; n++) register.enter({ name: "a", queues: [`q${n}`], types: [`t${n}`] });
    await vi.advanceTimersByTimeAsync(1_000);
    const [{ queues, types } = {}] = reports.at(-1) ?? [];
    expect([queues?.length, queues?.[0], queues?.at(-1)]).toEqual([100, "q999", "q900"]);
    expect([types?.length, types?.[0], types?.at(-1)]).toEqual([500, "t999", "t500"]);
  });

  it("remembers so many of a tenant at a time, and others again once these have gone", async () => {
    for (let n = 0; n < 600; n++) register.enter({ tenantId: "acme", name: String(n) })();
    register.enter({ tenantId: "other", name: "o" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports.at(-1)).toHaveLength(501);
    register.enter({ tenantId: "acme", name: "late" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reports.at(-1)?.map(({ name }) => name)).toEqual(["o", "late"]);
  });

  it("tries again soon after a failure", async () => {
    failing = true;
    register.enter({ name: "a" });
    await vi.advanceTimersByTimeAsync(1_000);
    failing = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(reports.length).toBe(1);
  });
});
