import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { createDatabase, createPostgresJobStore, type Database, type JobStore } from "@millrace/storage";
import { cloneDatabase, patient, startTestServer, type TestServer } from "@millrace/storage/testing";

import { enqueueBatch } from "../jobs/enqueue-batch.ts";
import { eventually, quick } from "../testing/worker-rig.ts";
import { createWorker, type Worker } from "./create-worker.ts";
import { defineJob } from "./define-job.ts";

let server: TestServer;
let database: Database;
let store: JobStore;
const workers: Worker[] = [];

beforeAll(async () => {
  server = await startTestServer();
  const { url } = await cloneDatabase(server.url);
  database = createDatabase({ ...patient, url, poolMax: 5 });
  store = createPostgresJobStore(database);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })));
  await store.close();
  await database.close({ graceMs: 0 });
  await server.remove();
});

describe("a worker whose database is restarted under load", { timeout: 180_000 }, () => {
  it("heals by itself and loses no job", async () => {
    const runs = new Map<string, number>();
    const count = defineJob({
      type: "count",
      input: z.unknown(),
      async handler({ job }) {
        await delay(5);
        runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
      },
    });
    for (const name of ["one", "two"]) {
      const worker = createWorker({
        ...quick,
        // What was claimed by a claim whose answer got lost comes back soon.
        leaseMs: 2_000,
        store,
        listen: database.listen,
        handlers: [count],
        name,
        concurrency: 4,
      });
      workers.push(worker);
      await worker.start();
    }
    const ctx = { actor: { tenantId: "default", scopes: ["*" as const] }, store };
    // Attempts enough for leases that run out while something stalls.
    const more = { retry: { kind: "fixed", delayMs: 0 }, maxAttempts: 100 } as const;
    const jobs = Array.from({ length: 1_500 }, () => count.request(null, more));
    const ids = (await enqueueBatch(ctx, { jobs })).map(({ id }) => id);
    for (const mode of ["fast", "immediate"] as const) {
      const before = runs.size;
      await eventually(() => (runs.size > before + 200 ? true : undefined));
      await server.restart({ mode });
    }
    await eventually(async () => ((await completed()) === ids.length ? true : undefined), 120_000);
    expect(new Set(runs.keys())).toEqual(new Set(ids));
    expect(workers.map((worker) => worker.health().state)).toEqual(["running", "running"]);
    await eventually(() =>
      workers.every((worker) => worker.health().listening && worker.health().failing.length === 0) ? true : undefined,
    );
  });

  it("waits for a database that isn't there when it starts", async () => {
    await server.stop();
    const late = defineJob({ type: "late", input: z.unknown(), handler: () => "done" });
    const worker = createWorker({ ...quick, store, listen: database.listen, handlers: [late] });
    workers.push(worker);
    await worker.start();
    await eventually(() => (worker.health().failing.includes("claim") ? true : undefined));
    await server.start();
    const { job } = await eventually(() =>
      late.enqueue({ actor: { tenantId: "default", scopes: ["*"] }, store }, null).catch(() => undefined),
    );
    const done = await eventually(async () => {
      const found = await store.getJob({ tenantId: "default", id: job.id });
      return found.status === "completed" ? found : undefined;
    });
    expect(done).toMatchObject({ attempts: 1, result: "done" });
  });
});

async function completed(): Promise<number> {
  const [stats] = await store.queueStats({ tenantId: "default", queue: "default" }).catch(() => []);
  return stats?.completed ?? 0;
}
