import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { enqueueBatch } from "../jobs/enqueue-batch.ts";
import { createWorkerRig, testMetrics, type WorkerRig } from "../testing/worker-rig.ts";
import { defineJob } from "./define-job.ts";

let rig: WorkerRig;
beforeAll(async () => {
  rig = await createWorkerRig();
});
afterEach(() => rig.stopWorkers());
afterAll(() => rig.close());

const tenantId = "default";
const anHourMs = 3_600_000;

/** Workers that never poll, so that whatever starts late starts never; `ran` holds what has run. */
async function startDeaf(queue: string, workers = 1) {
  const ran: number[] = [];
  const metrics = testMetrics();
  const handler = defineJob({ type: "limited", input: z.int(), handler: ({ payload }) => void ran.push(payload) });
  for (let n = 0; n < workers; n++) {
    await rig.start({ queues: [queue], handlers: [handler], pollIntervalMs: anHourMs, metrics });
  }
  const add = (n: number, more: object = {}) =>
    enqueueBatch(rig.ctx, {
      jobs: Array.from({ length: n }, (_, i) => ({ type: "limited", queue, payload: i, ...more })),
    });
  const claims = async () =>
    (await metrics.read('millrace_claims_total{outcome="empty"}')) +
    (await metrics.read('millrace_claims_total{outcome="jobs"}'));
  return { ran, add, claims };
}

describe("workers that don't poll", () => {
  it("start jobs of a queue with a rate when there are tokens, and ask no more often than that", async () => {
    const queue = "rated";
    await rig.store.putQueueSettings({ tenantId, queue }, { rateLimit: { limit: 20, periodMs: 1_000, burst: 1 } });
    const { ran, add, claims } = await startDeaf(queue, 2);
    const before = await claims();
    await add(20);
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBe(20);
    // Each of two workers asks about once for a token, and once more where it got it.
    expect((await claims()) - before).toBeLessThan(20 * 5);
  });

  it("work off a queue with a concurrency, one job making room for the next", async () => {
    const queue = "narrow";
    await rig.store.putQueueSettings({ tenantId, queue }, { concurrency: 2 });
    const { ran, add } = await startDeaf(queue, 2);
    await add(40);
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBe(40);
  });

  it("work off a concurrency key, one job after the other, in order", async () => {
    const { ran, add } = await startDeaf("keyed", 2);
    await add(30, { concurrencyKey: "k" });
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBe(30);
    expect(ran).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it("stop with a pause, and go on when the queue is resumed", async () => {
    const ref = { tenantId, queue: "stopped" };
    await rig.store.pauseQueue(ref);
    const { ran, add } = await startDeaf(ref.queue);
    await add(5);
    expect(await rig.store.claimJobs({ queues: [ref.queue], limit: 5, leaseMs: 1_000, worker: "w" })).toEqual([]);
    expect(ran).toEqual([]);
    await rig.store.resumeQueue(ref);
    await expect.poll(() => ran.length, { timeout: 20_000 }).toBe(5);
  });

  it("hear of jobs with a key that a transaction of somebody else's has brought", async () => {
    const { ran } = await startDeaf("transacted");
    await rig.database.withTransaction(async (tx) => {
      await tx.query({
        name: "test",
        text: "select millrace.enqueue('limited', '7', queue => 'transacted', concurrency_key => 'k')",
      });
    });
    await expect.poll(() => ran, { timeout: 20_000 }).toEqual([7]);
  });
});
