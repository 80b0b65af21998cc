import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Database } from "../database.ts";
import { newJob, until } from "../testing/job-store/fixture.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { complete as completeIn } from "./complete.ts";
import type { ClaimedJob, Job, JobStore, NewJob } from "./job-store.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";
import { update } from "./update.ts";

let test: TestDatabase;
let db: Database;
let store: JobStore;
/** Statements that the server refused. */
const failed: string[] = [];
const observer = { statement: (name: string, _: number, ok: boolean) => void (ok || failed.push(name)) };
beforeAll(async () => {
  test = await testDatabase({ database: { session: hotSession, lockTimeoutMs: 10_000, poolMax: 16, observer } });
  db = test.database;
  store = createPostgresJobStore(db);
});
afterAll(async () => {
  await store.close();
  await test.close();
});
beforeEach(async () => {
  const text =
    "truncate millrace.jobs, millrace.ready, millrace.scheduled, millrace.held, millrace.blocked, millrace.job_dependencies, millrace.job_history, millrace.job_keys, millrace.claims, millrace.finished_counts, millrace.key_slots, millrace.key_checks";
  await db.query({ name: "test.truncate", text });
});

const queue = "flow";
const tenantId = "acme";
const create = async (changes: Partial<NewJob> = {}) => (await store.createJob(newJob({ queue, ...changes }))).job;
const after = (...dependsOn: readonly (string | Job)[]): Partial<NewJob> => ({
  dependsOn: dependsOn.map((on) => (typeof on === "string" ? on : on.id)),
});
const claim = (limit = 1_000) => store.claimJobs({ queues: [queue], limit, leaseMs: 60_000, worker: "w" });
const get = (job: { readonly id: string }) => store.getJob({ tenantId, id: job.id });
const statusOf = async (job: { readonly id: string }) => (await get(job)).status;
const complete = (claimed: readonly ClaimedJob[]) =>
  store.completeJobs(claimed.map(({ leaseToken }) => ({ leaseToken, result: null })));
const kill = (claimed: readonly ClaimedJob[]) =>
  store.failJobs(claimed.map(({ leaseToken }) => ({ leaseToken, message: "no", retryable: false })));
const only = ([claimed]: readonly ClaimedJob[]): ClaimedJob => {
  if (claimed === undefined) throw new Error("nothing could be claimed");
  return claimed;
};

async function leftovers(): Promise<{ blocked: number; edges: number }> {
  const text = `select (select count(*)::integer from millrace.blocked) as blocked, (select count(*)::integer from millrace.job_dependencies) as edges`;
  const [row] = await db.query<{ blocked: number; edges: number }>({ name: "test.leftovers", text });
  return row ?? { blocked: -1, edges: -1 };
}

/** Resolves once a session of this database waits for a lock. */
async function someoneWaits(): Promise<void> {
  const text = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until(async () => (await db.query({ name: "test.waits", text })).length > 0);
}

describe("a job that depends on others", () => {
  it("is claimed after the last of them has completed, and not before", async () => {
    const [a, b] = [await create(), await create()];
    const c = await create({ ...after(a, b), priority: 9, payload: '{"c":1}' });
    expect(c.status).toBe("pending");
    const claimed = await claim();
    expect(claimed.map(({ job }) => job.id)).toEqual([a.id, b.id]);
    await complete(claimed.slice(0, 1));
    expect(await claim()).toEqual([]);
    await complete(claimed.slice(1));
    const last = only(await claim());
    expect(last.job).toMatchObject({ id: c.id, priority: 9, payload: { c: 1 } });
    expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
  });

  it("waits on for its own time, and for its concurrency key", async () => {
    const a = await create();
    const later = await create({ ...after(a), delayMs: 3_600_000 });
    const keyed = await create({ ...after(a), concurrencyKey: "k" });
    await complete(await claim());
    const released = await until(async () => {
      await store.admitHeld();
      const claimed = await claim();
      return claimed.length > 0 && claimed;
    });
    expect(released.map(({ job }) => job.id)).toEqual([keyed.id]);
    expect((await get(later)).scheduledAt.getTime()).toBeGreaterThan(Date.now());
  });

  it("wakes the workers of its queue when it is released, and whoever admits jobs with its key", async () => {
    const heard: string[] = [];
    const subscription = await db.listen("millrace_jobs", (payload) => heard.push(payload));
    const a = await create();
    await create({ ...after(a), queue: "next" });
    await create({ ...after(a), queue: "next", concurrencyKey: "k" });
    await complete(await claim());
    await expect
      .poll(() => heard.map((payload) => JSON.parse(payload) as unknown))
      .toContainEqual(
        expect.toSatisfy(
          (lanes: unknown[]) => lanes.length === 2 && lanes.some((lane) => String(lane) === "acme,next,held"),
        ),
      );
    await subscription.close();
  });

  it("runs at once when all have completed already", async () => {
    const a = await create();
    await complete(await claim());
    const b = await create(after(a));
    expect(only(await claim()).job.id).toBe(b.id);
  });

  it("is not released by an attempt that failed and will be retried", async () => {
    const a = await create({ retry: { kind: "fixed", delayMs: 0 } });
    const b = await create(after(a));
    const { leaseToken } = only(await claim());
    await store.failJobs([{ leaseToken, message: "once more", retryable: true, retryAfterMs: 0 }]);
    const again = await until(async () => {
      await store.promoteDue(10);
      const claimed = await claim();
      return claimed.length > 0 && claimed;
    });
    expect(again.map(({ job }) => job.id)).toEqual([a.id]);
    await complete(again);
    expect(only(await claim()).job.id).toBe(b.id);
  });

  it.each([
    ["dies", "died", async () => void (await kill(await claim(1)))],
    ["is cancelled", "was cancelled", async (a: Job) => void (await store.cancelJob({ tenantId, id: a.id }))],
    ["is deleted", "was deleted", (a: Job) => store.deleteJob({ tenantId, id: a.id })],
  ])("is cancelled with all that depend on it when one of them %s, and says why", async (_, how, end) => {
    const a = await create();
    const b = await create(after(a));
    const c = await create(after(b));
    const other = await create(after(await create({ priority: -1 }), c));
    await end(a);
    expect(await get(b)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${a.id}, on which this one depends, ${how}.`,
      payload: {},
    });
    expect(await get(c)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${b.id}, on which this one depends, was cancelled.`,
    });
    expect(await statusOf(other)).toBe("cancelled");
    expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
    const [stats] = await store.queueStats({ tenantId, queue });
    expect(stats?.pending).toBe(1);
  });

  it("waits for a retry of the failed one where it is told to", async () => {
    const a = await create();
    const b = await create({ ...after(a), onDependencyFailure: "wait" });
    await kill(await claim());
    expect(await statusOf(b)).toBe("pending");
    await store.retryJob({ tenantId, id: a.id });
    await complete(await claim());
    expect(only(await claim()).job.id).toBe(b.id);
  });

  it("is cancelled when the one whose retry it waits for is deleted, or is no longer kept", async () => {
    const [a, a2] = [await create(), await create()];
    const b = await create({ ...after(a), onDependencyFailure: "wait" });
    const b2 = await create({ ...after(a2), onDependencyFailure: "wait" });
    await kill(await claim());
    expect(await leftovers()).toEqual({ blocked: 2, edges: 2 });
    await store.deleteJob({ tenantId, id: a.id });
    expect(await get(b)).toMatchObject({ status: "cancelled", lastError: expect.stringContaining("was deleted") });
    expect(await store.cancelOrphans(10)).toBe(0);
    expect(await statusOf(b2)).toBe("pending");
    await db.query({ name: "test.drop", text: "truncate millrace.dead_jobs" });
    expect(await store.cancelOrphans(10)).toBe(1);
    expect(await get(b2)).toMatchObject({ status: "cancelled", lastError: expect.stringContaining("no longer kept") });
  });

  it("is cancelled as it enters, or waits, when one of them has failed already", async () => {
    const a = await create({ idempotencyKey: "a", requestHash: "1" });
    await kill(await claim());
    const b = await create({ ...after(a), tags: ["x"], retry: { kind: "fixed", delayMs: 1 } });
    expect(b).toMatchObject({
      status: "cancelled",
      lastError: `The job ${a.id}, on which this one depends, died.`,
      tags: ["x"],
      retry: { kind: "fixed", delayMs: 1 },
    });
    expect(await create(after(b))).toMatchObject({ lastError: expect.stringContaining("was cancelled") });
    const c = await create({ ...after(a), onDependencyFailure: "wait" });
    await store.retryJob({ tenantId, id: a.id });
    await complete(await claim());
    expect(only(await claim()).job.id).toBe(c.id);
    const [stats] = await store.queueStats({ tenantId, queue });
    expect(stats?.cancelled).toBe(2);
  });

  it("can't depend on a job that is not there, or is another tenant's", async () => {
    const theirs = await store.createJob(newJob({ tenantId: "other" }));
    const mine = await create();
    const unknown = "01900000-0000-7000-8000-000000000000";
    await expect(create(after(mine, theirs.job.id, unknown))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      errors: [{ path: "dependsOn.1" }, { path: "dependsOn.2" }],
    });
    await expect(store.createJobs([newJob(), newJob({ dependsOn: [unknown] })])).rejects.toMatchObject({
      errors: [{ path: "jobs.1.dependsOn.0", code: "not_found" }],
    });
    expect((await store.listJobs({ tenantId, limit: 10 })).jobs).toHaveLength(1);
  });

  it("can be changed while it waits, and keeps waiting", async () => {
    const a = await create();
    const b = await create(after(a));
    await store.updateJob({ tenantId, id: b.id }, { priority: 7, payload: '{"n":2}' });
    expect((await claim()).map(({ job }) => job.id)).toEqual([a.id]);
    await store.updateJob({ tenantId, id: b.id }, { delayMs: 3_600_000 });
    await store.updateJob({ tenantId, id: b.id }, { delayMs: 0 });
    await complete(await store.claimJobs({ limit: 10, leaseMs: 1_000, worker: "w" }));
    expect(await leftovers()).toEqual({ blocked: 1, edges: 1 });
  });

  it.each([
    ["cancelled", (job: Job) => store.cancelJob({ tenantId, id: job.id })],
    ["deleted", (job: Job) => store.deleteJob({ tenantId, id: job.id })],
  ])("leaves nothing behind when it is %s itself", async (_, end) => {
    const a = await create();
    const b = await create(after(a));
    await end(b);
    expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
    await complete(await claim());
    expect(await claim()).toEqual([]);
  });
});

describe("a flow in one batch", () => {
  it("runs in the order of its dependencies, whatever the order in the batch", async () => {
    // A diamond: 3 first, then 1 and 2, then 0.
    const ids = await store.createJobs([
      newJob({ queue, dependsOn: [1, 2] }),
      newJob({ queue, dependsOn: [3] }),
      newJob({ queue, dependsOn: [3] }),
      newJob({ queue }),
    ]);
    const id = (position: number) => ids[position]?.id;
    const claimedIds = (claimed: readonly ClaimedJob[]) => claimed.map(({ job }) => job.id);
    const first = await claim();
    expect(claimedIds(first)).toEqual([id(3)]);
    await complete(first);
    const middle = await claim();
    expect(new Set(claimedIds(middle))).toEqual(new Set([id(1), id(2)]));
    await complete(middle.slice(0, 1));
    expect(await claim()).toEqual([]);
    await complete(middle.slice(1));
    expect(claimedIds(await claim())).toEqual([id(0)]);
  });

  it("is refused whole when it has a circle", async () => {
    const circle = [newJob(), newJob({ dependsOn: [2] }), newJob({ dependsOn: [1] })];
    await expect(store.createJobs(circle)).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      errors: [{ path: "jobs.1.dependsOn" }, { path: "jobs.2.dependsOn" }],
    });
    expect((await store.listJobs({ tenantId, limit: 10 })).jobs).toEqual([]);
  });

  it("hangs on the jobs of its keys when it is sent again", async () => {
    const keyed = (key: string, changes: Partial<NewJob> = {}) =>
      newJob({ queue, idempotencyKey: key, requestHash: key, ...changes });
    const first = await store.createJobs([keyed("a"), keyed("b", { dependsOn: [0] })]);
    const again = await store.createJobs([
      keyed("a"),
      keyed("b", { dependsOn: [0] }),
      keyed("c", { dependsOn: [0, 1] }),
    ]);
    expect(again.map(({ duplicate }) => duplicate)).toEqual([true, true, false]);
    expect(again.slice(0, 2).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    for (const { id } of again) {
      const claimed = only(await claim());
      expect(claimed.job.id).toBe(id);
      await complete([claimed]);
    }
  });

  it("is cancelled with what it depends on, as it enters", async () => {
    const a = await create();
    await store.cancelJob({ tenantId, id: a.id });
    const [b, c, d] = await store.createJobs([
      newJob({ queue, dependsOn: [a.id] }),
      newJob({ queue, dependsOn: [0] }),
      newJob({ queue, dependsOn: [0], onDependencyFailure: "wait" }),
    ]);
    if (b === undefined || c === undefined || d === undefined) throw new Error("too few");
    expect([await statusOf(b), await statusOf(c), await statusOf(d)]).toEqual(["cancelled", "cancelled", "pending"]);
    await store.retryJob({ tenantId, id: b.id });
    await complete(await claim());
    expect(only(await claim()).job.id).toBe(d.id);
  });

  it("cascades a thousand jobs deep, in one statement", async () => {
    const chain = await store.createJobs(
      Array.from({ length: 1_000 }, (_, n) => newJob({ queue, ...(n === 0 ? {} : { dependsOn: [n - 1] }) })),
    );
    await kill(await claim());
    const last = chain.at(-1) ?? { id: "" };
    expect(await get(last)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${chain.at(-2)?.id}, on which this one depends, was cancelled.`,
    });
    expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
  });

  it("releases a thousand at once", async () => {
    const root = await create();
    await store.createJobs(Array.from({ length: 1_000 }, () => newJob({ queue, dependsOn: [root.id] })));
    await complete(await claim());
    expect(await claim()).toHaveLength(1_000);
  });

  it("releases one by a hundred that end together on several connections", async () => {
    const hundred = await store.createJobs(Array.from({ length: 100 }, () => newJob({ queue })));
    const end = await create(after(...hundred.map(({ id }) => id)));
    const claims = await Promise.all(hundred.map(() => claim(1)));
    await Promise.all(claims.map((claimed) => complete(claimed)));
    expect(only(await claim()).job.id).toBe(end.id);
  });
});

describe("when a dependency ends in the moment in which a job is enqueued behind it", () => {
  it("its end waits for the enqueue's transaction, and releases the job", async () => {
    const a = await create();
    const claimed = await claim();
    const { ending, b } = await db.withTransaction(async (tx) => {
      const { job } = await store.createJob(newJob({ queue, ...after(a) }), { tx });
      const completion = complete(claimed);
      await someoneWaits();
      return { ending: completion, b: job };
    });
    await ending;
    expect(only(await claim()).job.id).toBe(b.id);
  });

  it("its retry waits for the enqueue's transaction, so that what it comes to is seen", async () => {
    const a = await create();
    await kill(await claim());
    const { ending, b } = await db.withTransaction(async (tx) => {
      const { job } = await store.createJob(newJob({ queue, ...after(a), onDependencyFailure: "wait" }), { tx });
      const retried = store.retryJob({ tenantId, id: a.id });
      await someoneWaits();
      return { ending: retried, b: job };
    });
    await ending;
    await complete(await claim());
    expect(only(await claim()).job.id).toBe(b.id);
  });

  const rounds = 40;
  it.each([
    ["completes", (claimed: ClaimedJob) => complete([claimed]), "released"],
    ["dies", (claimed: ClaimedJob) => kill([claimed]), "cancelled"],
    ["is cancelled", ({ job }: ClaimedJob) => store.cancelJob({ tenantId, id: job.id }), "cancelled"],
    ["is deleted", ({ job }: ClaimedJob) => store.deleteJob({ tenantId, id: job.id }), "cancelled"],
  ] as const)("never leaves one waiting for ever, nor runs it early: it %s", async (what, end, expected) => {
    for (let round = 0; round < rounds; round++) {
      const a = await create();
      // A running job can't be deleted.
      const claimed = what === "is deleted" ? { job: a, leaseToken: "" } : only(await claim());
      const enqueue = () => create(after(a)).catch(() => undefined);
      const outcomes = await Promise.all([enqueue(), enqueue(), end(claimed), enqueue(), enqueue()]);
      const dependents = outcomes.filter(
        (job): job is Job => typeof job === "object" && job !== null && "id" in job && job.id !== a.id,
      );
      if (what !== "is deleted") expect(dependents).toHaveLength(4);
      const ready = await claim();
      if (expected === "released") {
        expect(new Set(ready.map(({ job }) => job.id))).toEqual(new Set(dependents.map(({ id }) => id)));
        await complete(ready);
      } else {
        expect(ready).toEqual([]);
        for (const job of dependents) expect(await statusOf(job)).toBe("cancelled");
      }
      expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
    }
  });

  it("its end waits for no enqueue that waits for another end of the same batch", async () => {
    const [a, b] = [await create(), await create()];
    const [ofA, ofB] = [await claim(1), await claim(1)];
    const items = (claimed: readonly ClaimedJob[]) => [{ leaseToken: only(claimed).leaseToken, result: null }];
    failed.length = 0;
    const { enqueued } = await db.withTransaction(async (tx) => {
      await completeIn(tx, items(ofB));
      const dependent = create(after(a, b));
      await someoneWaits();
      await completeIn(tx, items(ofA));
      return { enqueued: dependent };
    });
    const { id } = await enqueued;
    expect(only(await claim()).job.id).toBe(id);
    expect(failed).toEqual([]);
  });

  it("never deadlocks with a batch that ends many of them in another order", async () => {
    for (let round = 0; round < 20; round++) {
      await store.createJobs(Array.from({ length: 20 }, () => newJob({ queue })));
      const claimed = await claim();
      const ids = claimed.map(({ job }) => job.id);
      failed.length = 0;
      const [b, c] = await Promise.all([create(after(...ids)), create(after(...ids)), complete(claimed.toReversed())]);
      // A deadlock ends one of the statements, which is tried again.
      expect(failed).toEqual([]);
      const released = await claim();
      expect(new Set(released.map(({ job }) => job.id))).toEqual(new Set([b.id, c.id]));
      await complete(released);
    }
  });
});

describe("two dependencies that end together", () => {
  it("release the job in the later one's transaction", async () => {
    const [a, b] = [await create(), await create()];
    const c = await create(after(a, b));
    // Of one claim each: the owners of jobs of the same claim wait for one another anyway.
    const [first, second] = [await claim(1), await claim(1)];
    const later = await db.withTransaction(async (tx) => {
      await completeIn(tx, [{ leaseToken: only(first).leaseToken, result: null }]);
      const completion = complete(second);
      await Promise.race([someoneWaits(), completion]);
      return { completion };
    });
    await later.completion;
    expect(only(await claim()).job.id).toBe(c.id);
  });
});

describe("a job that waits and is touched in the moment in which it is released", () => {
  it("is released as it was changed when the release waits for the change", async () => {
    const a = await create();
    const b = await create(after(a));
    const claimed = await claim();
    const { released } = await db.withTransaction(async (tx) => {
      await update(tx, { tenantId, id: b.id }, { priority: 5 });
      const completion = complete(claimed);
      await someoneWaits();
      return { released: completion };
    });
    await released;
    expect((await claim()).map(({ job }) => [job.id, job.priority])).toEqual([[b.id, 5]]);
  });

  it.each([
    ["changed", (job: Job) => store.updateJob({ tenantId, id: job.id }, { priority: 5 })],
    ["cancelled", (job: Job) => store.cancelJob({ tenantId, id: job.id })],
    ["deleted", (job: Job) => store.deleteJob({ tenantId, id: job.id })],
  ] as const)("is %s once and lost never", async (what, touch) => {
    for (let round = 0; round < 40; round++) {
      const [a, a2] = [await create(), await create()];
      const b = await create(after(a, a2));
      const c = await create(after(b));
      const claimed = await claim();
      await Promise.all([complete(claimed.slice(0, 1)), touch(b), complete(claimed.slice(1))]);
      const ready = await claim();
      if (what === "changed") {
        expect(ready.map(({ job }) => [job.id, job.priority])).toEqual([[b.id, 5]]);
        await complete(ready);
        await complete(await claim());
        expect(await statusOf(c)).toBe("completed");
      } else {
        expect(ready).toEqual([]);
        expect(await statusOf(c)).toBe("cancelled");
      }
      expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
    }
  });

  it("is cancelled once when a cascade and others meet on it", async () => {
    const quietly = (change: Promise<unknown>) => change.catch(() => undefined);
    for (let round = 0; round < 30; round++) {
      const a = await create({ priority: 9 });
      const chain = await store.createJobs([
        newJob({ queue, dependsOn: [a.id] }),
        newJob({ queue, dependsOn: [0] }),
        newJob({ queue, dependsOn: [0, 1, a.id] }),
      ]);
      const [b, c, d] = chain.map(({ id }) => ({ tenantId, id }));
      if (b === undefined || c === undefined || d === undefined) throw new Error("too few");
      const claimed = await claim();
      await Promise.all([
        quietly(store.cancelJob(c)),
        kill(claimed),
        quietly(store.cancelJob(b)),
        quietly(store.updateJob(d, { priority: round })),
        quietly(store.cancelJob(d)),
      ]);
      expect(await Promise.all(chain.map(statusOf))).toEqual(["cancelled", "cancelled", "cancelled"]);
      expect(await leftovers()).toEqual({ blocked: 0, edges: 0 });
      expect(await claim()).toEqual([]);
    }
    expect((await store.queueStats({ tenantId, queue }))[0]).toMatchObject({ cancelled: 90, dead: 30, pending: 0 });
  });
});
