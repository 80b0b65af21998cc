import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newJob } from "../testing/job-store/fixture.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { JobStore } from "./job-store.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

/** Sequential ids, as UUIDv7 are; the same queue and tenant as the jobs that wait. */
const fill = `
insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence,
  scheduled_at, created_at, updated_at, completed_at, expires_at, tags, errors, payload)
select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, 'acme', 'default', 'test.noop', (array['completed', 'completed', 'completed', 'dead', 'cancelled']::millrace.job_status[])[1 + n % 5],
  0, 1, 1, 1, now(), now(), now(), now(), now() + interval '7 days', '{}', '[]', '{}'
from generate_series(1, 1000000) n`;

const undo = new Error("undo");

interface Explained {
  readonly "QUERY PLAN": readonly [
    { readonly Plan: { readonly "Shared Hit Blocks": number; readonly "Shared Read Blocks": number } },
  ];
}

describe("a million finished jobs", () => {
  let test: TestDatabase;
  let store: JobStore;
  let finishedId = "";
  beforeAll(async () => {
    test = await testDatabase({ database: { session: hotSession } });
    store = createPostgresJobStore(test.database);
    await store.createJobs(Array.from({ length: 200 }, () => newJob()));
    const { job } = await store.createJob(newJob({ idempotencyKey: "k", requestHash: "h" }));
    finishedId = (await store.cancelJob(job)).id;
  });
  afterAll(async () => {
    await store.close();
    await test.close();
  });

  /** How many blocks the statements read that `run` makes: each is explained, undone and made. */
  async function blocks(run: (store: JobStore) => Promise<unknown>): Promise<number> {
    let sum = 0;
    const { database } = test;
    const counting = createPostgresJobStore({
      ...database,
      async query(statement, parameters) {
        await database
          .withTransaction(async (tx) => {
            const text = `explain (analyze, buffers, format json) ${statement.text}`;
            const [row] = await tx.query<Explained>({ name: "test", text }, parameters);
            const plan = row?.["QUERY PLAN"][0].Plan;
            sum += (plan?.["Shared Hit Blocks"] ?? 0) + (plan?.["Shared Read Blocks"] ?? 0);
            throw undo;
          })
          .catch((error: unknown) => {
            if (error !== undo) throw error;
          });
        return database.query(statement, parameters);
      },
    });
    await run(counting);
    await counting.close();
    return sum;
  }

  const reads: Record<string, (from: JobStore) => Promise<unknown>> = {
    claim: (from) => from.claimJobs({ limit: 10, leaseMs: 60_000, worker: "w" }),
    "a list": (from) => from.listJobs({ tenantId: "acme", limit: 50 }),
    "a list of finished ones": (from) => from.listJobs({ tenantId: "acme", status: "completed", limit: 50 }),
    "a list of a queue": (from) => from.listJobs({ tenantId: "acme", queue: "default", limit: 50 }),
    "a job": (from) => from.getJob({ tenantId: "acme", id: finishedId }),
    "a job by its key": (from) => from.getJobByIdempotencyKey("acme", "k"),
    counts: (from) => from.queueStats({ tenantId: "acme" }),
  };

  it("cost claims, lists and look-ups no more than a few blocks each", async () => {
    const before = new Map<string, number>();
    for (const [name, run] of Object.entries(reads)) before.set(name, await blocks(run));
    await test.database.withTransaction((tx) => tx.query({ name: "test", text: fill }, [], { timeoutMs: 300_000 }), {
      timeoutMs: 300_000,
    });
    const more: Record<string, number> = {};
    for (const [name, run] of Object.entries(reads)) more[name] = (await blocks(run)) - (before.get(name) ?? 0);
    // Each partition's index is some levels deeper, and a page of 50 finished jobs has to be read: nothing that grows with their number.
    for (const [name, grown] of Object.entries(more))
      expect(grown, `${name}: ${JSON.stringify(more)}`).toBeLessThan(250);
    expect(more["claim"]).toBeLessThan(50);
  }, 400_000);
});
