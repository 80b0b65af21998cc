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
    const jobs = await addSome(20);
    let isOpen = false;
    // It has claimed ten ahead, as quick jobs would make it do, and stops before they go back for having waited too long.
    const greedy: JobStore = {
      ...rig.store,
      claimJobs: (request) => (isOpen ? rig.store.claimJobs({ ...request, limit: 12 }) : Promise.resolve([])),
    };
    let runs = 0;
    const full = Promise.withResolvers<{ readonly waiting: number; readonly stopped: Promise<void> }>();
    const worker = await rig.start({
      queues: [queue],
      handlers: [
        job(() => {
          if (++runs === 2) full.resolve({ waiting: worker.health().waiting, stopped: worker.stop() });
          return release.promise;
        }),
      ],
      store: greedy,
      concurrency: 2,
    });
    isOpen = true;
    const { waiting, stopped } = await full.promise;
    expect(waiting).toBe(10);
    expect(worker.health()).toMatchObject({ state: "draining", running: 2, waiting: 0 });
    release.resolve();
    await stopped;
    expect(worker.health()).toMatchObject({ state: "stopped", running: 0, waiting: 0, settling: 0 });
    const ends = await statuses(jobs);
    expect(ends.filter(({ status }) => status === "completed")).toHaveLength(2);
    for (const end of ends.filter(({ status }) => status !== "completed")) expect(end).toMatchObject(untouched);
  });

  it("keeps its leases until the last handler has finished", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const [first] = await addSome(1);
    const definition = job(async () => {
      begun.resolve();
      await release.promise;
      return "done";
    });
    const worker = await rig.start({ queues: [queue], handlers: [definition] });
    await begun.promise;
    const stopped = worker.stop();
    const { leaseExpiresAt } = await rig.get(first?.id ?? "");
    // Farther than the one heartbeat can move it that may have been under way.
    await rig.until(first?.id ?? "", (now) => Number(now.leaseExpiresAt) > Number(leaseExpiresAt) + 1_000);
    release.resolve();
    await stopped;
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
    await eventually(() => (worker.health().running === 2 ? true : undefined));
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
    await eventually(() => (worker.health().running === 1 ? true : undefined));
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
    await eventually(() => (worker.health().running === 1 ? true : undefined));
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
    await addSome(1);
    const worker = await rig.start({
      queues: [queue],
      handlers: [job(() => release.promise)],
      store,
      leaseMs: 120_000,
    });
    await eventually(() => (worker.health().running === 1 ? true : undefined));
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
