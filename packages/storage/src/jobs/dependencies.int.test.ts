import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { newJob, until } from "../testing/job-store/fixture.ts";
import { type FlowRig, after, only, openFlowRig, queue, tenantId } from "./dependencies.test.support.ts";
import type { ClaimedJob, Job, NewJob } from "./job-store.ts";

let rig: FlowRig;
beforeAll(async () => {
  rig = await openFlowRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.empty());

describe("a job that depends on others", () => {
  it("is claimed after the last of them has completed, and not before", async () => {
    const [a, b] = [await rig.create(), await rig.create()];
    const c = await rig.create({ ...after(a, b), priority: 9, payload: '{"c":1}' });
    expect(c.status).toBe("pending");
    const claimed = await rig.claim();
    expect(claimed.map(({ job }) => job.id)).toEqual([a.id, b.id]);
    await rig.complete(claimed.slice(0, 1));
    expect(await rig.claim()).toEqual([]);
    await rig.complete(claimed.slice(1));
    const last = only(await rig.claim());
    expect(last.job).toMatchObject({ id: c.id, priority: 9, payload: { c: 1 } });
    expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
  });

  it("waits on for its own time, and for its concurrency key", async () => {
    const a = await rig.create();
    const later = await rig.create({ ...after(a), delayMs: 3_600_000 });
    const keyed = await rig.create({ ...after(a), concurrencyKey: "k" });
    await rig.complete(await rig.claim());
    const released = await until(async () => {
      await rig.store.admitHeld();
      const claimed = await rig.claim();
      return claimed.length > 0 && claimed;
    });
    expect(released.map(({ job }) => job.id)).toEqual([keyed.id]);
    expect((await rig.get(later)).scheduledAt.getTime()).toBeGreaterThan(Date.now());
  });

  it("wakes the workers of its queue when it is released, and whoever admits jobs with its key", async () => {
    const heard: string[] = [];
    const subscription = await rig.db.listen("millrace_jobs", (payload) => heard.push(payload));
    const a = await rig.create();
    await rig.create({ ...after(a), queue: "next" });
    await rig.create({ ...after(a), queue: "next", concurrencyKey: "k" });
    await rig.complete(await rig.claim());
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
    const a = await rig.create();
    await rig.complete(await rig.claim());
    const b = await rig.create(after(a));
    expect(only(await rig.claim()).job.id).toBe(b.id);
  });

  it("is not released by an attempt that failed and will be retried", async () => {
    const a = await rig.create({ retry: { kind: "fixed", delayMs: 0 } });
    const b = await rig.create(after(a));
    const { leaseToken } = only(await rig.claim());
    await rig.store.failJobs([{ leaseToken, message: "once more", retryable: true, retryAfterMs: 0 }]);
    const again = await until(async () => {
      await rig.store.promoteDue(10);
      const claimed = await rig.claim();
      return claimed.length > 0 && claimed;
    });
    expect(again.map(({ job }) => job.id)).toEqual([a.id]);
    await rig.complete(again);
    expect(only(await rig.claim()).job.id).toBe(b.id);
  });

  it.each([
    ["dies", "died", async () => void (await rig.kill(await rig.claim(1)))],
    ["is cancelled", "was cancelled", async (a: Job) => void (await rig.store.cancelJob({ tenantId, id: a.id }))],
    ["is deleted", "was deleted", (a: Job) => rig.store.deleteJob({ tenantId, id: a.id })],
  ])("is cancelled with all that depend on it when one of them %s, and says why", async (_, how, end) => {
    const a = await rig.create();
    const b = await rig.create(after(a));
    const c = await rig.create(after(b));
    const other = await rig.create(after(await rig.create({ priority: -1 }), c));
    await end(a);
    expect(await rig.get(b)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${a.id}, on which this one depends, ${how}.`,
      payload: {},
    });
    expect(await rig.get(c)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${b.id}, on which this one depends, was cancelled.`,
    });
    expect(await rig.statusOf(other)).toBe("cancelled");
    expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
    const [stats] = await rig.store.queueStats({ tenantId, queue });
    expect(stats?.pending).toBe(1);
  });

  it("waits for a retry of the failed one where it is told to", async () => {
    const a = await rig.create();
    const b = await rig.create({ ...after(a), onDependencyFailure: "wait" });
    await rig.kill(await rig.claim());
    expect(await rig.statusOf(b)).toBe("pending");
    await rig.store.retryJob({ tenantId, id: a.id });
    await rig.complete(await rig.claim());
    expect(only(await rig.claim()).job.id).toBe(b.id);
  });

  it("is cancelled when the one whose retry it waits for is deleted, or is no longer kept", async () => {
    const [a, a2] = [await rig.create(), await rig.create()];
    const b = await rig.create({ ...after(a), onDependencyFailure: "wait" });
    const b2 = await rig.create({ ...after(a2), onDependencyFailure: "wait" });
    await rig.kill(await rig.claim());
    expect(await rig.leftovers()).toEqual({ blocked: 2, edges: 2 });
    await rig.store.deleteJob({ tenantId, id: a.id });
    expect(await rig.get(b)).toMatchObject({ status: "cancelled", lastError: expect.stringContaining("was deleted") });
    expect(await rig.store.cancelOrphans(10)).toBe(0);
    expect(await rig.statusOf(b2)).toBe("pending");
    await rig.db.query({ name: "test.drop", text: "truncate millrace.dead_jobs" });
    expect(await rig.store.cancelOrphans(10)).toBe(1);
    expect(await rig.get(b2)).toMatchObject({
      status: "cancelled",
      lastError: expect.stringContaining("no longer kept"),
    });
  });

  it("is found among many others that wait, some jobs at a time, when what it waits for is no longer kept", async () => {
    const kept = await rig.create({ queue: "elsewhere" });
    for (let n = 0; n < 3; n++) await rig.create(after(kept));
    const gone = [await rig.create(), await rig.create(), await rig.create()];
    const waiting = await Promise.all(gone.map((job) => rig.create({ ...after(job), onDependencyFailure: "wait" })));
    await rig.kill(await rig.claim());
    await rig.db.query({ name: "test.drop", text: "truncate millrace.job_history" });
    expect(await rig.store.cancelOrphans(2)).toBe(3);
    expect(await Promise.all(waiting.map(rig.statusOf))).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(await rig.leftovers()).toEqual({ blocked: 3, edges: 3 });
  });

  it("is cancelled as it enters, or waits, when one of them has failed already", async () => {
    const a = await rig.create({ idempotencyKey: "a", requestHash: "1" });
    await rig.kill(await rig.claim());
    const b = await rig.create({ ...after(a), tags: ["x"], retry: { kind: "fixed", delayMs: 1 } });
    expect(b).toMatchObject({
      status: "cancelled",
      lastError: `The job ${a.id}, on which this one depends, died.`,
      tags: ["x"],
      retry: { kind: "fixed", delayMs: 1 },
    });
    expect(await rig.create(after(b))).toMatchObject({ lastError: expect.stringContaining("was cancelled") });
    const c = await rig.create({ ...after(a), onDependencyFailure: "wait" });
    await rig.store.retryJob({ tenantId, id: a.id });
    await rig.complete(await rig.claim());
    expect(only(await rig.claim()).job.id).toBe(c.id);
    const [stats] = await rig.store.queueStats({ tenantId, queue });
    expect(stats?.cancelled).toBe(2);
  });

  it("can't depend on a job that is not there, or is another tenant's", async () => {
    const theirs = await rig.store.createJob(newJob({ tenantId: "other" }));
    const mine = await rig.create();
    const unknown = "01900000-0000-7000-8000-000000000000";
    await expect(rig.create(after(mine, theirs.job.id, unknown))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      errors: [{ path: "dependsOn.1" }, { path: "dependsOn.2" }],
    });
    await expect(rig.store.createJobs([newJob(), newJob({ dependsOn: [unknown] })])).rejects.toMatchObject({
      errors: [{ path: "jobs.1.dependsOn.0", code: "not_found" }],
    });
    expect((await rig.store.listJobs({ tenantId, limit: 10 })).jobs).toHaveLength(1);
  });

  it("can be changed while it waits, and keeps waiting", async () => {
    const a = await rig.create();
    const b = await rig.create(after(a));
    await rig.store.updateJob({ tenantId, id: b.id }, { priority: 7, payload: '{"n":2}' });
    expect((await rig.claim()).map(({ job }) => job.id)).toEqual([a.id]);
    await rig.store.updateJob({ tenantId, id: b.id }, { delayMs: 3_600_000 });
    await rig.store.updateJob({ tenantId, id: b.id }, { delayMs: 0 });
    await rig.complete(await rig.store.claimJobs({ limit: 10, leaseMs: 1_000, worker: "w" }));
    expect(await rig.leftovers()).toEqual({ blocked: 1, edges: 1 });
  });

  it.each([
    ["cancelled", (job: Job) => rig.store.cancelJob({ tenantId, id: job.id })],
    ["deleted", (job: Job) => rig.store.deleteJob({ tenantId, id: job.id })],
  ])("leaves nothing behind when it is %s itself", async (_, end) => {
    const a = await rig.create();
    const b = await rig.create(after(a));
    await end(b);
    expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
    await rig.complete(await rig.claim());
    expect(await rig.claim()).toEqual([]);
  });
});

describe("a flow in one batch", () => {
  it("runs in the order of its dependencies, whatever the order in the batch", async () => {
    // A diamond: 3 first, then 1 and 2, then 0.
    const ids = await rig.store.createJobs([
      newJob({ queue, dependsOn: [1, 2] }),
      newJob({ queue, dependsOn: [3] }),
      newJob({ queue, dependsOn: [3] }),
      newJob({ queue }),
    ]);
    const id = (position: number) => ids[position]?.id;
    const claimedIds = (claimed: readonly ClaimedJob[]) => claimed.map(({ job }) => job.id);
    const first = await rig.claim();
    expect(claimedIds(first)).toEqual([id(3)]);
    await rig.complete(first);
    const middle = await rig.claim();
    expect(new Set(claimedIds(middle))).toEqual(new Set([id(1), id(2)]));
    await rig.complete(middle.slice(0, 1));
    expect(await rig.claim()).toEqual([]);
    await rig.complete(middle.slice(1));
    expect(claimedIds(await rig.claim())).toEqual([id(0)]);
  });

  it("is refused whole when it has a circle", async () => {
    const circle = [newJob(), newJob({ dependsOn: [2] }), newJob({ dependsOn: [1] })];
    await expect(rig.store.createJobs(circle)).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      errors: [{ path: "jobs.1.dependsOn" }, { path: "jobs.2.dependsOn" }],
    });
    expect((await rig.store.listJobs({ tenantId, limit: 10 })).jobs).toEqual([]);
  });

  it("hangs on the jobs of its keys when it is sent again", async () => {
    const keyed = (key: string, changes: Partial<NewJob> = {}) =>
      newJob({ queue, idempotencyKey: key, requestHash: key, ...changes });
    const first = await rig.store.createJobs([keyed("a"), keyed("b", { dependsOn: [0] })]);
    const again = await rig.store.createJobs([
      keyed("a"),
      keyed("b", { dependsOn: [0] }),
      keyed("c", { dependsOn: [0, 1] }),
    ]);
    expect(again.map(({ duplicate }) => duplicate)).toEqual([true, true, false]);
    expect(again.slice(0, 2).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    for (const { id } of again) {
      const claimed = only(await rig.claim());
      expect(claimed.job.id).toBe(id);
      await rig.complete([claimed]);
    }
  });

  it("is cancelled with what it depends on, as it enters", async () => {
    const a = await rig.create();
    await rig.store.cancelJob({ tenantId, id: a.id });
    const [b, c, d] = await rig.store.createJobs([
      newJob({ queue, dependsOn: [a.id] }),
      newJob({ queue, dependsOn: [0] }),
      newJob({ queue, dependsOn: [0], onDependencyFailure: "wait" }),
    ]);
    if (b === undefined || c === undefined || d === undefined) throw new Error("too few");
    expect([await rig.statusOf(b), await rig.statusOf(c), await rig.statusOf(d)]).toEqual([
      "cancelled",
      "cancelled",
      "pending",
    ]);
    await rig.store.retryJob({ tenantId, id: b.id });
    await rig.complete(await rig.claim());
    expect(only(await rig.claim()).job.id).toBe(d.id);
  });

  it("cascades a thousand jobs deep, in one statement", async () => {
    const chain = await rig.store.createJobs(
      Array.from({ length: 1_000 }, (_, n) => newJob({ queue, ...(n === 0 ? {} : { dependsOn: [n - 1] }) })),
    );
    await rig.kill(await rig.claim());
    const last = chain.at(-1) ?? { id: "" };
    expect(await rig.get(last)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${chain.at(-2)?.id}, on which this one depends, was cancelled.`,
    });
    expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
  });

  it("releases a thousand at once", async () => {
    const root = await rig.create();
    await rig.store.createJobs(Array.from({ length: 1_000 }, () => newJob({ queue, dependsOn: [root.id] })));
    await rig.complete(await rig.claim());
    expect(await rig.claim()).toHaveLength(1_000);
  });

  it("releases one by a hundred that end together on several connections", async () => {
    const hundred = await rig.store.createJobs(Array.from({ length: 100 }, () => newJob({ queue })));
    const end = await rig.create(after(...hundred.map(({ id }) => id)));
    const claims = await Promise.all(hundred.map(() => rig.claim(1)));
    await Promise.all(claims.map((claimed) => rig.complete(claimed)));
    expect(only(await rig.claim()).job.id).toBe(end.id);
  });
});
