import { setTimeout as delay } from "node:timers/promises";

import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { MillraceError } from "@millrace/contract";
import type { JobStore } from "@millrace/storage";

import { rigOfFile } from "../testing/rig-of-file.ts";
import { eventually, testMetrics } from "../testing/worker-rig.ts";
import { JobAbortedError } from "./attempt-errors.ts";
import { defineJob, type JobDefinition } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";

const rig = await rigOfFile();
let queue = "";
beforeEach(() => {
  queue = rig.newQueue();
});

const unavailable = () => Promise.reject(new MillraceError("UNAVAILABLE", "The database is away, says the test"));
const untilAborted = ({ signal }: HandlerContext<unknown>) =>
  new Promise<unknown>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
const job = (handler: (context: HandlerContext<unknown>) => unknown): JobDefinition =>
  defineJob({ type: "job", input: z.unknown(), handler });

describe("cancelling a running job", () => {
  it("reaches the handler by the next heartbeat, and its result doesn't count", async () => {
    const reasons: unknown[] = [];
    const metrics = testMetrics();
    const definition = job(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reasons.push(signal.reason);
      return "too late";
    });
    await rig.start({ queues: [queue], handlers: [definition], metrics });
    const { id } = await rig.add({ type: "job", queue });
    await rig.until(id, "running");
    await rig.store.cancelJob({ tenantId: "default", id });
    await eventually(() => (reasons.length === 1 ? true : undefined));
    expect(reasons[0]).toBeInstanceOf(JobAbortedError);
    expect(reasons[0]).toMatchObject({ why: "cancelled" });
    expect(await rig.get(id)).toMatchObject({ status: "cancelled", result: null });
    expect(await metrics.read(`millrace_jobs_finished_total{queue="${queue}",type="job",outcome="cancelled"}`)).toBe(1);
    expect(await metrics.read("millrace_lease_lost_total")).toBe(0);
  });
});

describe("a timeout", () => {
  it("aborts the handler and is a failed attempt", async () => {
    const reasons: unknown[] = [];
    const definition = job(async (context) => {
      await untilAborted(context).catch((error: unknown) => reasons.push(error));
      return "too late";
    });
    await rig.start({ queues: [queue], handlers: [definition] });
    const { id } = await rig.add({
      type: "job",
      queue,
      timeoutMs: 50,
      maxAttempts: 2,
      retry: { kind: "fixed", delayMs: 0 },
    });
    expect(await rig.until(id, "dead")).toMatchObject({
      attempts: 2,
      result: null,
      lastError: "The attempt took longer than its timeout of 50 ms",
    });
    expect(reasons).toEqual([expect.objectContaining({ why: "timeout" }), expect.objectContaining({ why: "timeout" })]);
  });

  it("comes from the definition where the job has none", async () => {
    await rig.start({
      queues: [queue],
      handlers: [defineJob({ type: "job", input: z.unknown(), timeoutMs: 40, handler: untilAborted })],
    });
    const { id } = await rig.add({ type: "job", queue, maxAttempts: 1 });
    expect((await rig.until(id, "dead")).lastError).toBe("The attempt took longer than its timeout of 40 ms");
  });

  it("fails the attempt of a handler that ignores its signal, and frees the slot", async () => {
    const never = Promise.withResolvers<void>();
    const definition = job(({ payload }) => (payload === "hang" ? never.promise : "done"));
    const worker = await rig.start({ queues: [queue], handlers: [definition], concurrency: 1 });
    const hung = await rig.add({ type: "job", queue, payload: "hang", timeoutMs: 50, maxAttempts: 1 });
    const next = await rig.add({ type: "job", queue });
    await rig.until(hung.id, "dead");
    await rig.until(next.id, "completed");
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 1 });
    never.resolve();
    await eventually(() => (worker.health().abandoned === 0 ? true : undefined));
  });

  it("lets no more hung handlers pile up than there are slots, twice over", async () => {
    const never = Promise.withResolvers<void>();
    let started = 0;
    const definition = job(() => {
      started++;
      return never.promise;
    });
    const worker = await rig.start({ queues: [queue], handlers: [definition], concurrency: 2, prefetch: 0 });
    for (let index = 0; index < 8; index++) await rig.add({ type: "job", queue, timeoutMs: 20, maxAttempts: 1 });
    await eventually(() => (worker.health().abandoned === 4 ? true : undefined));
    await delay(300);
    expect(started).toBe(4);
    never.resolve();
    await eventually(() => (started === 8 ? true : undefined));
  });
});

describe("a lease", () => {
  it("is extended for as long as the handler runs", async () => {
    const release = Promise.withResolvers<void>();
    const definition = job(async () => {
      await release.promise;
      return "done";
    });
    await rig.start({ queues: [queue], handlers: [definition] });
    const { id } = await rig.add({ type: "job", queue });
    let { leaseExpiresAt } = await rig.until(id, "running");
    for (let times = 0; times < 3; times++) {
      ({ leaseExpiresAt } = await rig.until(id, (now) => Number(now.leaseExpiresAt) > Number(leaseExpiresAt)));
    }
    release.resolve();
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 1, result: "done" });
  });

  it("that could not be extended in time is lost: the handler learns it, and another worker does the job", async () => {
    const reasons: unknown[] = [];
    const metrics = testMetrics();
    let claims = 0;
    const cutOff: JobStore = {
      ...rig.store,
      // Once it has the job, it gets nothing more: the job is the other worker's then.
      claimJobs: async (request) => {
        const claimed = claims > 0 ? [] : await rig.store.claimJobs(request);
        claims += claimed.length;
        return claimed;
      },
      heartbeat: unavailable,
      rescueExpired: unavailable,
    };
    const slow = job(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reasons.push(signal.reason);
      return "from the first";
    });
    await rig.start({ queues: [queue], handlers: [slow], store: cutOff, leaseMs: 300, heartbeatMs: 100, metrics });
    const { id } = await rig.add({ type: "job", queue, retry: { kind: "fixed", delayMs: 0 } });
    await rig.until(id, "running");
    await rig.start({ queues: [queue], handlers: [job(() => "from the second")] });
    expect(await rig.until(id, "completed")).toMatchObject({
      attempts: 2,
      result: "from the second",
      lastError: expect.stringMatching(/^lease expired \(worker .+\)$/),
    });
    expect(reasons).toEqual([expect.objectContaining({ why: "leaseLost" })]);
    expect(await metrics.read("millrace_lease_lost_total")).toBe(1);
  });

  it("is lost to a handler that blocks the process, and its result changes nothing", async () => {
    const result = Promise.withResolvers<boolean>();
    const block = job(async ({ signal }) => {
      const untilMs = performance.now() + 500;
      while (performance.now() < untilMs);
      await delay(1);
      result.resolve(signal.aborted);
      return "from the blocker";
    });
    // Nobody beats while the process is blocked; the other worker is made to look as soon as it isn't.
    const cutOff: JobStore = { ...rig.store, rescueExpired: unavailable };
    await rig.start({
      queues: [queue],
      handlers: [block],
      store: cutOff,
      leaseMs: 200,
      heartbeatMs: 50,
      concurrency: 1,
    });
    const { id } = await rig.add({ type: "job", queue, retry: { kind: "fixed", delayMs: 0 }, maxAttempts: 2 });
    expect(await result.promise).toBe(true);
    await rig.stopWorkers();
    await rig.start({ queues: [queue], handlers: [job(() => "from another")] });
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 2, result: "from another" });
  });

  it("that is lost is what a handler's heartbeat and progress tell", async () => {
    const told: unknown[] = [];
    const entered = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const definition = job(async ({ heartbeat, progress }) => {
      entered.resolve();
      await goOn.promise;
      told.push(await progress(1).catch((error: unknown) => error));
      told.push(await heartbeat().catch((error: unknown) => error));
    });
    await rig.start({ queues: [queue], handlers: [definition], heartbeatMs: 900 });
    const { id } = await rig.add({ type: "job", queue });
    await entered.promise;
    await rig.store.cancelJob({ tenantId: "default", id });
    goOn.resolve();
    await eventually(() => (told.length === 2 ? true : undefined));
    expect(told).toEqual([
      expect.objectContaining({ code: "LEASE_LOST" }),
      expect.objectContaining({ code: "LEASE_LOST" }),
    ]);
  });

  it("of a worker that is gone is rescued by any other", async () => {
    const { id } = await rig.add({ type: "job", queue, retry: { kind: "fixed", delayMs: 0 } });
    await rig.store.claimJobs({ queues: [queue], limit: 1, leaseMs: 100, worker: "gone" });
    const metrics = testMetrics();
    // Whoever rescues a job runs it without waiting for a poll.
    await rig.start({ queues: [queue], handlers: [job(() => "rescued")], metrics, pollIntervalMs: 3_600_000 });
    expect(await rig.until(id, "completed")).toMatchObject({
      attempts: 2,
      result: "rescued",
      lastError: "lease expired (worker gone)",
    });
    await eventually(async () =>
      (await metrics.read('millrace_rescued_total{outcome="retried"}')) === 1 ? true : undefined,
    );
  });
});

describe("the end of an attempt", () => {
  it("is written again after a failed write, and counts once", async () => {
    let failures = 3;
    const flaky: JobStore = {
      ...rig.store,
      completeJobs: (items) => (failures-- > 0 ? unavailable() : rig.store.completeJobs(items)),
    };
    const metrics = testMetrics();
    const worker = await rig.start({ queues: [queue], handlers: [job(() => "kept")], store: flaky, metrics });
    const { id } = await rig.add({ type: "job", queue });
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 1, result: "kept" });
    await eventually(() => (worker.health().settling === 0 ? true : undefined));
    expect(await metrics.read(`millrace_jobs_finished_total{queue="${queue}",type="job",outcome="completed"}`)).toBe(1);
  });

  it("counts as written when only the answer was lost", async () => {
    const metrics = testMetrics();
    let lost = false;
    const deaf: JobStore = {
      ...rig.store,
      async completeJobs(items) {
        const outcomes = await rig.store.completeJobs(items);
        if (lost) return outcomes;
        lost = true;
        throw new MillraceError("UNAVAILABLE", "The answer was lost, says the test", {
          extensions: { outcome: "unknown" },
        });
      },
    };
    const worker = await rig.start({ queues: [queue], handlers: [job(() => "kept")], store: deaf, metrics });
    const { id } = await rig.add({ type: "job", queue });
    await rig.until(id, "completed");
    await eventually(() => (worker.health().settling === 0 ? true : undefined));
    expect(await metrics.read(`millrace_jobs_finished_total{queue="${queue}",type="job",outcome="completed"}`)).toBe(1);
    expect(await metrics.read("millrace_lease_lost_total")).toBe(0);
  });

  it("that can't be written while the lease lasts is given up, and the job runs again", async () => {
    let writes = 0;
    const metrics = testMetrics();
    const refuse = () => {
      writes++;
      return unavailable();
    };
    const broken: JobStore = {
      ...rig.store,
      heartbeat: unavailable,
      // The job is another worker's then.
      rescueExpired: unavailable,
      completeJobs: refuse,
      completeAndClaim: refuse,
    };
    const handlers = [job(({ job: { attempts } }) => attempts)];
    const worker = await rig.start({
      queues: [queue],
      handlers,
      store: broken,
      leaseMs: 400,
      heartbeatMs: 100,
      metrics,
    });
    const { id } = await rig.add({ type: "job", queue, retry: { kind: "fixed", delayMs: 0 } });
    await eventually(async () => ((await metrics.read("millrace_lease_lost_total")) === 1 ? true : undefined));
    expect(writes).toBeLessThan(10);
    expect(worker.health()).toMatchObject({ running: 0, settling: 0 });
    await rig.stopWorkers();
    await rig.start({ queues: [queue], handlers });
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 2, result: 2 });
  });

  it("that the database refuses doesn't take the others with it", async () => {
    const picky: JobStore = {
      ...rig.store,
      completeJobs: (items) =>
        items.some(({ result }) => result === '"bad"')
          ? Promise.reject(new MillraceError("VALIDATION_FAILED", "A value is refused, says the test"))
          : rig.store.completeJobs(items),
    };
    const definition = job(({ payload }) => payload);
    const added = [];
    for (const payload of ["good", "good", "bad", "good", "good"])
      added.push(await rig.add({ type: "job", queue, payload }));
    await rig.start({ queues: [queue], handlers: [definition], store: picky });
    const ends = await Promise.all(added.map(({ id }) => rig.until(id, ({ completedAt }) => completedAt !== null)));
    expect(ends.map(({ status }) => status)).toEqual(["completed", "completed", "dead", "completed", "completed"]);
    expect(ends[2]?.lastError).toBe("The outcome could not be stored.");
  });
});
