import { setTimeout as delay } from "node:timers/promises";

import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { isMillraceError, MillraceError } from "@millrace/contract";
import { type JobStore, wakeupChannel } from "@millrace/storage";
import { currentTrace } from "@millrace/telemetry";

import { enqueueBatch } from "../jobs/enqueue-batch.ts";
import { rigOfFile } from "../testing/rig-of-file.ts";
import { eventually, testMetrics } from "../testing/worker-rig.ts";
import { createWorker } from "./create-worker.ts";
import { defineJob } from "./define-job.ts";
import type { WorkerOptions } from "./options.ts";

const rig = await rigOfFile();
let queue = "";
beforeEach(() => {
  queue = rig.newQueue();
});

const any = z.json();
const anHourMs = 3_600_000;

describe("a worker", () => {
  it("hands the handler a typed payload and keeps its result", async () => {
    const add = defineJob({
      type: "add",
      input: z.object({ a: z.number(), b: z.coerce.number().default(40) }),
      handler: ({ payload, job }) => ({ sum: payload.a + payload.b, attempt: job.attempts }),
    });
    await rig.start({ queues: [queue], handlers: [add] });
    const { job } = await add.enqueue(rig.ctx, { a: 2 }, { queue });
    expect(await rig.until(job.id, "completed")).toMatchObject({
      payload: { a: 2 },
      result: { sum: 42, attempt: 1 },
      attempts: 1,
      lastError: null,
    });
  });

  it("keeps null for a handler that returns nothing", async () => {
    await rig.start({
      queues: [queue],
      handlers: [defineJob({ type: "quiet", input: any, handler: () => undefined })],
    });
    const { id } = await rig.add({ type: "quiet", queue });
    expect((await rig.until(id, "completed")).result).toBeNull();
  });

  it("leaves types without a handler and other queues to other workers", async () => {
    await rig.start({ queues: [queue], handlers: [defineJob({ type: "mine", input: any, handler: () => null })] });
    const others = await rig.add({ type: "others", queue });
    const elsewhere = await rig.add({ type: "mine", queue: `${queue}-elsewhere` });
    const mine = await rig.add({ type: "mine", queue });
    await rig.until(mine.id, "completed");
    expect(await rig.get(others.id)).toMatchObject({ status: "pending", attempts: 0 });
    expect(await rig.get(elsewhere.id)).toMatchObject({ status: "pending", attempts: 0 });
  });

  it.each([
    // What is claimed ahead may go back after a while, behind others.
    ["higher priorities first", { prefetch: 0 }],
    ["no more at once than it may, also where it claims ahead", { prefetch: 4 }],
  ])("runs %s", async (_what, { prefetch }) => {
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const step = defineJob({
      type: "step",
      input: z.number(),
      async handler({ payload }) {
        most = Math.max(most, ++running);
        order.push(payload);
        await delay(2);
        running--;
      },
    });
    const jobs = Array.from({ length: 60 }, (_, index) => step.request(index, { queue, priority: index % 3 }));
    for (const job of jobs) await rig.add(job);
    await rig.start({ queues: [queue], handlers: [step], concurrency: 3, prefetch });
    await eventually(() => (order.length === 60 ? true : undefined));
    expect(most).toBe(3);
    const priorities = order.map((index) => index % 3);
    if (prefetch === 0) expect(priorities).toEqual(priorities.toSorted((a, b) => b - a));
  });

  it("claims nothing ahead while no slot gets free: another worker may have one", async () => {
    const release = Promise.withResolvers<void>();
    const busy = defineJob({ type: "busy", input: any, handler: () => release.promise });
    for (let index = 0; index < 20; index++) await rig.add({ type: "busy", queue });
    const worker = await rig.start({ queues: [queue], handlers: [busy], concurrency: 4, prefetch: 3 });
    await eventually(() => (worker.health().running === 4 ? true : undefined));
    await delay(200);
    expect(worker.health()).toMatchObject({ running: 4, waiting: 0 });
    expect(await claimed(queue)).toBe(4);
    release.resolve();
    await eventually(async () => ((await claimed(queue)) === 0 ? true : undefined));
  });

  it("claims nothing ahead without prefetch", async () => {
    const release = Promise.withResolvers<void>();
    const busy = defineJob({ type: "busy", input: any, handler: () => release.promise });
    for (let index = 0; index < 6; index++) await rig.add({ type: "busy", queue });
    const worker = await rig.start({ queues: [queue], handlers: [busy], concurrency: 2, prefetch: 0 });
    await eventually(() => (worker.health().running === 2 ? true : undefined));
    await delay(200);
    expect(await claimed(queue)).toBe(2);
    release.resolve();
  });

  it("gives back what it claimed ahead at a pace that didn't last", async () => {
    const release = Promise.withResolvers<void>();
    let most = 0;
    let runs = 0;
    const uneven = defineJob({
      type: "uneven",
      input: any,
      handler: () => {
        most = Math.max(most, worker.health().waiting);
        return ++runs > 3_000 ? release.promise : null;
      },
    });
    const jobs = Array.from({ length: 6_000 }, () => uneven.request(null, { queue }));
    await enqueueBatch(rig.ctx, { jobs });
    const worker = await rig.start({ queues: [queue], handlers: [uneven], concurrency: 5, prefetch: 2 });
    await eventually(async () => (worker.health().running === 5 && (await claimed(queue)) === 5 ? true : undefined));
    expect(most).toBeGreaterThan(20);
    expect(worker.health().waiting).toBe(0);
    release.resolve();
    await rig.stopWorkers();
  });

  it("runs a thousand jobs once each, together with a second worker", async () => {
    const runs = new Map<string, number>();
    const by = new Set<string>();
    // However late one of them comes, the other leaves it some.
    const bothWork = Promise.withResolvers<void>();
    const handlerOf = (name: string) =>
      defineJob({
        type: "count",
        input: z.number(),
        async handler({ job }) {
          runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
          by.add(name);
          if (by.size === 2) bothWork.resolve();
          await bothWork.promise;
          await delay(1);
        },
      });
    const requests = Array.from({ length: 1_000 }, (_, index) => ({ type: "count", queue, payload: index }));
    await Promise.all(requests.map((request) => rig.add(request)));
    await Promise.all([
      rig.start({ queues: [queue], handlers: [handlerOf("one")], concurrency: 5 }),
      rig.start({ queues: [queue], handlers: [handlerOf("two")], concurrency: 5 }),
    ]);
    await eventually(() => (runs.size === 1_000 ? true : undefined));
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(by).toEqual(new Set(["one", "two"]));
  });

  it("hears of a job at once, without polling", async () => {
    let started = 0;
    const now = defineJob({ type: "now", input: any, handler: () => void started++ });
    const worker = await rig.start({ queues: [queue], handlers: [now], pollIntervalMs: anHourMs });
    expect(worker.health().listening).toBe(true);
    await rig.add({ type: "now", queue });
    await eventually(() => (started === 1 ? true : undefined));
    await rig.add({ type: "now", queue });
    // The next poll is an hour away.
    await eventually(() => (started === 2 ? true : undefined));
  });

  it("isn't woken by what is none of its business", async () => {
    const metrics = testMetrics();
    const idle = defineJob({ type: "idle", input: any, handler: () => null });
    await rig.start({ queues: [queue], handlers: [idle], pollIntervalMs: anHourMs, metrics });
    await eventually(async () =>
      (await metrics.read('millrace_claims_total{outcome="empty"}')) > 0 ? true : undefined,
    );
    const heard = Promise.withResolvers<void>();
    const own = await rig.database.listen(wakeupChannel, () => heard.resolve());
    const before = await metrics.read('millrace_wakeups_total{source="notify"}');
    await rig.add({ type: "idle", queue: `${queue}-elsewhere` });
    await heard.promise;
    await own.close();
    expect(await metrics.read('millrace_wakeups_total{source="notify"}')).toBe(before);
  });

  it("works by polling alone where there is no LISTEN", async () => {
    const polled = defineJob({ type: "polled", input: any, handler: () => "found" });
    const worker = await rig.start({ queues: [queue], handlers: [polled], listen: undefined });
    const { id } = await rig.add({ type: "polled", queue });
    await rig.until(id, "completed");
    expect(worker.health().listening).toBe(false);
  });

  it("polls an empty database no more often than it should", async () => {
    const metrics = testMetrics();
    const startMs = performance.now();
    await rig.start({
      queues: [queue],
      handlers: [defineJob({ type: "idle", input: any, handler: () => null })],
      pollIntervalMs: 100,
      metrics,
    });
    await eventually(async () =>
      (await metrics.read('millrace_claims_total{outcome="empty"}')) >= 14 ? true : undefined,
    );
    // The first look and one for the listener come at once, then each poll after 75 to 125 ms.
    expect(performance.now() - startMs).toBeGreaterThan(11 * 75);
  });

  it("asks a database that is away less and less often, whatever wakes it", async () => {
    const startMs = performance.now();
    let asked = 0;
    const store: JobStore = {
      ...rig.store,
      claimJobs() {
        asked++;
        return Promise.reject(new MillraceError("UNAVAILABLE", "Away, says the test"));
      },
    };
    await rig.start({
      queues: [queue],
      handlers: [defineJob({ type: "idle", input: any, handler: () => null })],
      store,
    });
    while (asked < 6) {
      await rig.add({ type: "idle", queue });
      await delay(20);
    }
    // At once, then after pauses of at least 50, 100, 200, 400 and 800 ms.
    expect(performance.now() - startMs).toBeGreaterThan(1_500);
  });

  it("runs scheduled jobs when they are due", async () => {
    const later = defineJob({ type: "later", input: any, handler: () => null });
    await rig.start({ queues: [queue], handlers: [later] });
    const { id } = await rig.add({ type: "later", queue, delayMs: 300 });
    const { startedAt, scheduledAt } = await rig.until(id, "completed");
    expect(startedAt?.getTime()).toBeGreaterThanOrEqual(scheduledAt.getTime());
  });

  it("knows when the next scheduled job and its own retries are due, without polling for them", async () => {
    const failing = defineJob({
      type: "failing",
      input: any,
      handler({ job }) {
        if (job.attempts === 1) throw new Error("once");
      },
    });
    const { id } = await rig.add({ type: "failing", queue, delayMs: 200, retry: { kind: "fixed", delayMs: 200 } });
    await rig.start({ queues: [queue], handlers: [failing], pollIntervalMs: anHourMs });
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 2, lastError: "once" });
  });

  it("runs the handler in the trace that the job was enqueued in, and hands it on", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const seen: (string | undefined)[] = [];
    const child = defineJob({
      type: "child",
      input: any,
      async handler() {
        await delay(1);
        seen.push(currentTrace()?.traceId);
      },
    });
    const parent = defineJob({
      type: "parent",
      input: any,
      async handler(context) {
        seen.push(currentTrace()?.traceId);
        await child.enqueue(context, null, { queue });
      },
    });
    await rig.start({ queues: [queue], handlers: [parent, child] });
    const ctx = { ...rig.ctx, traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await parent.enqueue(ctx, null, { queue });
    await eventually(() => (seen.length === 2 ? true : undefined));
    expect(seen).toEqual([traceId, traceId]);
  });

  it("lets a handler show progress and hold on to its lease", async () => {
    const release = Promise.withResolvers<void>();
    const long = defineJob({
      type: "long",
      input: any,
      async handler({ progress, heartbeat }) {
        await Promise.all([progress({ percent: 1 }), progress({ percent: 50 })]);
        await heartbeat();
        await release.promise;
        await expect(progress("x".repeat(20_000))).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
      },
    });
    await rig.start({ queues: [queue], handlers: [long] });
    const { id } = await rig.add({ type: "long", queue });
    await rig.until(id, ({ progress }) => JSON.stringify(progress) === '{"percent":50}');
    release.resolve();
    expect(await rig.until(id, "completed")).toMatchObject({ attempts: 1, lastError: null });
  });

  it("counts what it does", async () => {
    const metrics = testMetrics();
    const counted = defineJob({ type: "counted", input: any, handler: () => null });
    const worker = await rig.start({ queues: [queue], handlers: [counted], metrics, sampleIntervalMs: 100 });
    const { id } = await rig.add({ type: "counted", queue });
    await rig.until(id, "completed");
    await eventually(() => (worker.health().settling === 0 ? true : undefined));
    expect(
      await metrics.read(`millrace_jobs_finished_total{queue="${queue}",type="counted",outcome="completed"}`),
    ).toBe(1);
    expect(await metrics.read(`millrace_job_run_seconds_count{queue="${queue}",type="counted"}`)).toBe(1);
    expect(await metrics.read(`millrace_job_wait_seconds_count{queue="${queue}"}`)).toBe(1);
    expect(await metrics.read("millrace_claimed_jobs_total")).toBe(1);
    const depth = `millrace_queue_depth{queue="${queue}",status="completed"}`;
    await eventually(async () => ((await metrics.read(depth)) === 1 ? true : undefined));
  });

  it("names all that is wrong with its options", () => {
    const one = defineJob({ type: "one", input: any, handler: () => null });
    const problemsOf = (options: Partial<WorkerOptions>): readonly string[] => {
      try {
        createWorker({ store: rig.store, handlers: [one], ...options });
        return [];
      } catch (error) {
        return isMillraceError(error, "VALIDATION_FAILED") ? error.errors.map(({ path }) => path) : ["another error"];
      }
    };
    expect(problemsOf({ handlers: [one, one], concurrency: 0, queues: [] })).toEqual([
      "queues",
      "concurrency",
      "handlers.1",
    ]);
    expect(problemsOf({ leaseMs: 1_000, heartbeatMs: 600 })).toEqual(["heartbeatMs"]);
    expect(problemsOf({ handlers: [] })).toEqual(["handlers"]);
    expect(problemsOf({})).toEqual([]);
  });
});

async function claimed(name: string): Promise<number> {
  const [stats] = await rig.store.queueStats({ tenantId: "default", queue: name });
  return stats?.running ?? 0;
}
