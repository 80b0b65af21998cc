import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { DirectConnection } from "../database.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { ClaimedJob, JobStore } from "./job-store.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

let test: TestDatabase;
let store: JobStore;
let caller: DirectConnection;
const statements: { readonly name: string; readonly ok: boolean }[] = [];
beforeAll(async () => {
  const observer = { statement: (name: string, _: number, ok: boolean) => void statements.push({ name, ok }) };
  test = await testDatabase({ database: { session: hotSession, lockTimeoutMs: 50, observer } });
  store = createPostgresJobStore(test.database);
  caller = await test.database.connect();
});
afterAll(async () => {
  await caller.close();
  await store.close();
  await test.close();
});

/** Runs with a transaction of somebody else's open that has executed `sql`. */
async function meanwhile<T>(sql: string, run: () => Promise<T>): Promise<T> {
  await caller.exec("begin");
  try {
    await caller.exec(sql);
    return await run();
  } finally {
    await caller.exec("rollback");
  }
}

async function claimed(count: number): Promise<readonly ClaimedJob[]> {
  await store.createJobs(Array.from({ length: count }, () => newJob()));
  return store.claimJobs({ limit: count, leaseMs: 60_000, worker: "w" });
}

const dependentOf = ({ job }: ClaimedJob) =>
  `select millrace.enqueue('t', tenant => 'acme', queue => 'later', depends_on => array['${job.id}']::uuid[])`;
const ofLeases = (jobs: readonly ClaimedJob[]) => jobs.map(({ leaseToken }) => ({ leaseToken, result: null }));
const busy = { ok: false, reason: "busy", status: "running" };

describe("a job that a caller's open transaction holds", () => {
  const writes: Record<string, (jobs: readonly ClaimedJob[]) => ReturnType<JobStore["completeJobs"]>> = {
    completions: (jobs) => store.completeJobs(ofLeases(jobs)),
    "completions that claim": async (jobs) =>
      (await store.completeAndClaim(ofLeases(jobs), { limit: 1, leaseMs: 60_000, worker: "w" })).outcomes,
    deaths: (jobs) => store.failJobs(jobs.map(({ leaseToken }) => ({ leaseToken, message: "no", retryable: false }))),
  };
  for (const [what, write] of Object.entries(writes)) {
    it(`keeps none of the other ${what} of its batch from being written`, async () => {
      const jobs = await claimed(4);
      const [held, ...others] = jobs;
      if (held === undefined) throw new Error("nothing could be claimed");
      await meanwhile(dependentOf(held), async () => {
        const written = { ok: true, status: what === "deaths" ? "dead" : "completed" };
        expect(await write(jobs)).toEqual([busy, ...others.map(() => written)]);
        expect(await write([held])).toEqual([busy]);
      });
      expect(await write([held])).toEqual([{ ok: true, status: what === "deaths" ? "dead" : "completed" }]);
    });
  }

  it("is answered as busy by itself when many callers complete at once", async () => {
    const jobs = await claimed(6);
    const [held] = jobs;
    if (held === undefined) throw new Error("nothing could be claimed");
    await meanwhile(dependentOf(held), async () => {
      const answers = await Promise.all(jobs.map((job) => store.completeJobs(ofLeases([job]))));
      expect(answers.map(([outcome]) => outcome?.ok)).toEqual([false, true, true, true, true, true]);
    });
    await store.completeJobs(ofLeases([held]));
  });

  it("is one whose dependents are held, too", async () => {
    const jobs = await claimed(4);
    const [held] = jobs;
    if (held === undefined) throw new Error("nothing could be claimed");
    const { job } = await store.createJob(newJob({ queue: "later", dependsOn: [held.job.id] }));
    await meanwhile(`select from millrace.blocked where job_id = '${job.id}' for update`, async () => {
      const outcomes = await store.completeJobs(ofLeases(jobs));
      expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, true, true]);
    });
    expect(await store.completeJobs(ofLeases([held]))).toEqual([{ ok: true, status: "completed" }]);
    expect(await store.getJob({ tenantId: "acme", id: job.id })).toMatchObject({ status: "pending" });
  });
});

it("a queue that a caller's open transaction is the first to use takes jobs from others meanwhile", async () => {
  await meanwhile("select millrace.enqueue('t', tenant => 'acme', queue => 'first')", async () => {
    const [one, two] = [store.createJob(newJob({ queue: "first" })), store.createJob(newJob({ queue: "second" }))];
    expect((await one).job.queue).toBe("first");
    expect((await two).job.queue).toBe("second");
  });
});

describe("a key that a caller's open transaction holds", () => {
  it("fails its own job only, and no later one", async () => {
    await store.createJob(newJob({ queue: "keys" }));
    const keyed = (idempotencyKey: string) =>
      store.createJob(newJob({ queue: "keys", idempotencyKey, requestHash: "h" }));
    await meanwhile(
      "select millrace.enqueue('t', tenant => 'acme', queue => 'keys', idempotency_key => 'held')",
      async () => {
        const isStored = async (attempts: readonly Promise<unknown>[]) =>
          (await Promise.allSettled(attempts)).map(({ status }) => status === "fulfilled");
        const [plain, ...others] = [store.createJob(newJob({ queue: "keys" })), keyed("held"), keyed("free")];
        await expect(plain).resolves.toMatchObject({ duplicate: false });
        expect(await isStored(others)).toEqual([false, true]);
        await expect(keyed("held")).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1_000 });
        statements.length = 0;
        expect(await isStored([keyed("held"), keyed("free too"), store.createJob(newJob({ queue: "keys" }))])).toEqual([
          false,
          true,
          true,
        ]);
        expect(statements.filter(({ ok }) => !ok).map(({ name }) => name)).not.toContain("jobs.insert");
      },
    );
    expect(await keyed("held")).toMatchObject({ duplicate: false });
  });
});

describe("an expired claim", () => {
  const idle = { retried: 0, dead: 0, postponed: 0 };
  const expireAll = () =>
    test.database.query({
      name: "test.expire",
      text: "update millrace.claims set lease_expires_at = now() - interval '1 second' * (1 + row.n) from (select claim_id as of, row_number() over (order by claim_id desc) as n from millrace.claims) row where claim_id = row.of",
    });

  it("whose job somebody holds up is stepped over, and its other jobs are rescued with those of other claims", async () => {
    await store.createJobs([1, 2].map(() => newJob({ queue: "rescue", maxAttempts: 1 })));
    const ofOne = await store.claimJobs({ queues: ["rescue"], limit: 2, leaseMs: 60_000, worker: "w" });
    await store.createJob(newJob({ queue: "rescue" }));
    await store.claimJobs({ queues: ["rescue"], limit: 1, leaseMs: 60_000, worker: "w" });
    const [held] = ofOne;
    if (held === undefined) throw new Error("nothing could be claimed");
    const { job } = await store.createJob(newJob({ queue: "later", dependsOn: [held.job.id] }));
    await expireAll();
    await meanwhile(`select from millrace.blocked where job_id = '${job.id}' for update`, async () => {
      expect(await store.rescueExpired(100)).toEqual({ ...idle, retried: 1, dead: 1 });
    });
    await expireAll();
    expect(await store.rescueExpired(100)).toEqual({ ...idle, dead: 1 });
  });

  it("that can't be rescued at all is put off, and those behind it are rescued", async () => {
    await store.createJob(newJob({ queue: "doomed", maxAttempts: 1 }));
    await store.createJob(newJob({ queue: "fine" }));
    await store.claimJobs({ queues: ["doomed"], limit: 1, leaseMs: 1, worker: "w" });
    await store.claimJobs({ queues: ["fine"], limit: 1, leaseMs: 1, worker: "w" });
    await test.database.query({
      name: "test.order",
      text: "update millrace.claims set lease_expires_at = now() - interval '1 second' * case queue when 'doomed' then 9 else 1 end",
    });
    // History takes no death meanwhile, as it would be with work that outlasts the statement's deadline.
    await meanwhile("lock table millrace.dead_jobs in access exclusive mode", async () => {
      await expect(store.rescueExpired(100)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(await store.rescueExpired(1)).toEqual({ ...idle, postponed: 1 });
      expect(await store.rescueExpired(100)).toEqual({ ...idle, retried: 1 });
    });
  });
});
