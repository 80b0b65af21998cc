import { setTimeout as delay } from "node:timers/promises";

import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { MillraceError } from "@millrace/contract";
import type { Job, JobStore } from "@millrace/storage";

import { rigOfFile } from "../testing/rig-of-file.ts";
import { eventually } from "../testing/worker-rig.ts";
import { defineJob, type JobDefinition } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";

const rig = await rigOfFile();
let queue = "";
beforeEach(() => {
  queue = rig.newQueue();
});

const job = (handler: (context: HandlerContext<unknown>) => unknown): JobDefinition =>
  defineJob({ type: "job", input: z.unknown(), handler });

async function addSome(count: number): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let index = 0; index < count; index++) jobs.push(await rig.add({ type: "job", queue, maxAttempts: 1 }));
  return jobs;
}

const statuses = async (jobs: readonly Job[]) =>
  Promise.all(
    jobs.map(async ({ id }) => {
      const { status, attempts, lastError, lockedBy } = await rig.get(id);
      return { status, attempts, lastError, lockedBy };
    }),
  );
const untouched = { status: "pending", attempts: 0, lastError: null, lockedBy: null };

describe("a worker that stops", () => {
  it("lets handlers finish, hands back what they haven't begun, and claims nothing more", async () => {
    const release = Promise.withResolvers<void>();
    let runs = 0;
    const jobs = await addSome(60);
    const worker = await rig.start({
      queues: [queue],
      // Quick at first, so that it claims ahead.
      handlers: [job(() => (++runs > 30 ? release.promise : null))],
      concurrency: 2,
      prefetch: 10,
    });
    await eventually(() => (runs === 32 && worker.health().waiting > 0 ? true : undefined));
    const stopped = worker.stop();
    expect(worker.health().state).toBe("draining");
    await eventually(() => (worker.health().waiting === 0 ? true : undefined));
    release.resolve();
    await stopped;
    expect(worker.health()).toMatchObject({ state: "stopped", running: 0, waiting: 0, settling: 0 });
    const ends = await statuses(jobs);
    expect(ends.filter(({ status }) => status === "completed")).toHaveLength(32);
    for (const end of ends.filter(({ status }) => status !== "completed")) expect(end).toMatchObject(untouched);
  });

  it("keeps its leases until the last handler has finished", async () => {
    const [first] = await addSome(1);
    const definition = job(async () => {
      await delay(1_800);
      return "done";
    });
    const worker = await rig.start({ queues: [queue], handlers: [definition], leaseMs: 800, heartbeatMs: 100 });
    await rig.until(first?.id ?? "", "running");
    await worker.stop();
    expect(await rig.get(first?.id ?? "")).toMatchObject({ status: "completed", attempts: 1, result: "done" });
  });

  it("aborts what runs longer than the grace, and hands it back with the attempt refunded", async () => {
    const reasons: unknown[] = [];
    const jobs = await addSome(2);
    const definition = job(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          });
        }),
    );
    const worker = await rig.start({ queues: [queue], handlers: [definition] });
    await Promise.all(jobs.map(({ id }) => rig.until(id, "running")));
    await worker.stop({ graceMs: 50 });
    expect(reasons).toEqual([
      expect.objectContaining({ why: "shutdown" }),
      expect.objectContaining({ why: "shutdown" }),
    ]);
    expect(await statuses(jobs)).toEqual([untouched, untouched]);
  });

  it("hands back even what ignores its signal", async () => {
    const never = Promise.withResolvers<void>();
    const jobs = await addSome(1);
    const worker = await rig.start({ queues: [queue], handlers: [job(() => never.promise)] });
    await rig.until(jobs[0]?.id ?? "", "running");
    await worker.stop({ graceMs: 0 });
    expect(await statuses(jobs)).toEqual([untouched]);
    never.resolve();
  });

  it("keeps what a handler still returned after the abort", async () => {
    const [first] = await addSome(1);
    const definition = job(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "just in time";
    });
    const worker = await rig.start({ queues: [queue], handlers: [definition] });
    await rig.until(first?.id ?? "", "running");
    await worker.stop({ graceMs: 0 });
    expect(await rig.get(first?.id ?? "")).toMatchObject({ status: "completed", result: "just in time" });
  });

  it("hands back the jobs of a claim that was under way", async () => {
    const jobs = await addSome(3);
    const claiming = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow: JobStore = {
      ...rig.store,
      async claimJobs(request) {
        const claimed = await rig.store.claimJobs(request);
        claiming.resolve();
        await goOn.promise;
        return claimed;
      },
    };
    const started: string[] = [];
    const worker = await rig.start({
      queues: [queue],
      handlers: [job((context) => started.push(context.job.id))],
      store: slow,
    });
    await claiming.promise;
    const stopped = worker.stop();
    goOn.resolve();
    await stopped;
    expect(started).toEqual([]);
    expect(await statuses(jobs)).toEqual([untouched, untouched, untouched]);
  });

  it("ends though the database is away", async () => {
    let away = false;
    const guard = <Arguments extends readonly unknown[], Answer>(call: (...given: Arguments) => Promise<Answer>) => {
      return (...given: Arguments) =>
        away ? Promise.reject<Answer>(new MillraceError("UNAVAILABLE", "Away, says the test")) : call(...given);
    };
    const { claimJobs, completeJobs, releaseJobs, heartbeat, promoteDue, rescueExpired } = rig.store;
    const store: JobStore = {
      ...rig.store,
      claimJobs: guard(claimJobs),
      completeJobs: guard(completeJobs),
      releaseJobs: guard(releaseJobs),
      heartbeat: guard(heartbeat),
      promoteDue: guard(promoteDue),
      rescueExpired: guard(rescueExpired),
    };
    const release = Promise.withResolvers<void>();
    const [first] = await addSome(1);
    const worker = await rig.start({
      queues: [queue],
      handlers: [job(() => release.promise)],
      store,
      leaseMs: 120_000,
    });
    await rig.until(first?.id ?? "", "running");
    away = true;
    release.resolve();
    await worker.stop({ graceMs: 0 });
    expect(worker.health()).toMatchObject({ state: "stopped", settling: 0 });
  });

  it("doesn't wait for a partition that is being made for longer than for its last writes", async () => {
    const making = Promise.withResolvers<number>();
    const store: JobStore = { ...rig.store, ensurePartitions: () => making.promise };
    const worker = await rig.start({ queues: [queue], handlers: [job(() => null)], store });
    const [first] = await addSome(1);
    await rig.until(first?.id ?? "", "completed");
    await worker.stop({ graceMs: 0 });
    expect(worker.health().state).toBe("stopped");
    making.resolve(0);
  });

  it("stops once, however often it is asked, and also before its start", async () => {
    const worker = await rig.start({ queues: [queue], handlers: [job(() => null)] });
    const first = worker.stop();
    expect(worker.stop()).toBe(first);
    await first;
    await worker.start();
    expect(worker.health().state).toBe("stopped");
  });
});
