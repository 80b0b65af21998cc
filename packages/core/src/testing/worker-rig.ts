import { setTimeout as delay } from "node:timers/promises";

import type { EnqueueRequest } from "@millrace/contract";
import { createPostgresJobStore, type Job, type JobStore } from "@millrace/storage";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { createMetrics, type Metrics } from "@millrace/telemetry";

import type { Ctx } from "../context.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { createWorker, type Worker } from "../worker/create-worker.ts";
import type { WorkerOptions } from "../worker/options.ts";

/** A database of its own, with a store and workers on it. */
export interface WorkerRig {
  readonly database: TestDatabase["database"];
  readonly url: string;
  readonly store: JobStore;
  readonly ctx: Ctx;
  /** Starts a worker with quick intervals, listening; it is stopped with the rig. */
  start(options: Partial<WorkerOptions> & Pick<WorkerOptions, "handlers">): Promise<Worker>;
  add(request: EnqueueRequest): Promise<Job>;
  get(id: string): Promise<Job>;
  /** The job once it is as asked. */
  until(id: string, wanted: Job["status"] | ((job: Job) => boolean)): Promise<Job>;
  /** Stops the workers that were started. */
  stopWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a rig; the caller closes it. */
export async function createWorkerRig(): Promise<WorkerRig> {
  const test = await testDatabase();
  const { database } = test;
  const store = createPostgresJobStore(database);
  const ctx: Ctx = { actor: { tenantId: "default", scopes: ["*"] }, store };
  const workers = new Set<Worker>();

  const rig: WorkerRig = {
    database,
    url: test.url,
    store,
    ctx,
    async start(options) {
      const worker = createWorker({ store, listen: database.listen, ...quick, ...options });
      workers.add(worker);
      await worker.start();
      return worker;
    },
    add: async (request) => (await enqueue(ctx, request)).job,
    get: (id) => store.getJob({ tenantId: ctx.actor.tenantId, id }),
    async until(id, wanted) {
      const isIt = typeof wanted === "string" ? (job: Job) => job.status === wanted : wanted;
      return eventually(async () => {
        const job = await rig.get(id);
        return isIt(job) ? job : undefined;
      });
    },
    async stopWorkers() {
      await Promise.all([...workers].map((worker) => worker.stop({ graceMs: 0 })));
      workers.clear();
    },
    async close() {
      await rig.stopWorkers();
      await store.close();
      await test.close();
    },
  };
  return rig;
}

/** Intervals for tests: everything happens soon. Leases and graces are long: whatever stalls for a while must not end them. */
export const quick = {
  leaseMs: 60_000,
  heartbeatMs: 100,
  pollIntervalMs: 50,
  rescueIntervalMs: 50,
  abortGraceMs: 200,
  shutdownGraceMs: 60_000,
} as const satisfies Partial<WorkerOptions>;

/** Asks again until there is an answer; fails after `timeoutMs`. */
export async function eventually<Value>(
  ask: () => Value | undefined | Promise<Value | undefined>,
  timeoutMs = 30_000,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadlineMs) throw new Error(`Nothing came in ${timeoutMs} ms`);
    await delay(10);
  }
}

/** Metrics without Node's own, and a way to read one series as text. */
export function testMetrics(): Metrics & { read(line: string): Promise<number> } {
  const metrics = createMetrics({ service: "test", version: "0", defaultMetrics: false });
  return {
    ...metrics,
    async read(line) {
      const { body } = await metrics.render();
      const found = body.split("\n").find((one) => one.startsWith(`${line} `));
      return found === undefined ? 0 : Number(found.slice(line.length + 1));
    },
  };
}
