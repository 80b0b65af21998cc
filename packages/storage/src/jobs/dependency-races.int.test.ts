import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { newJob } from "../testing/job-store/fixture.ts";
import { complete as completeIn } from "./complete.ts";
import { type FlowRig, after, only, openFlowRig, queue, tenantId } from "./dependencies.test.support.ts";
import type { ClaimedJob, Job } from "./job-store.ts";
import { update } from "./update.ts";

let rig: FlowRig;
beforeAll(async () => {
  rig = await openFlowRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.empty());

describe("when a dependency ends in the moment in which a job is enqueued behind it", () => {
  it("its end waits for the enqueue's transaction, and releases the job", async () => {
    const a = await rig.create();
    const claimed = await rig.claim();
    const { ending, b } = await rig.db.withTransaction(async (tx) => {
      const { job } = await rig.store.createJob(newJob({ queue, ...after(a) }), { tx });
      const completion = rig.complete(claimed);
      await rig.someoneWaits();
      return { ending: completion, b: job };
    });
    await ending;
    expect(only(await rig.claim()).job.id).toBe(b.id);
  });

  it("its retry waits for the enqueue's transaction, so that what it comes to is seen", async () => {
    const a = await rig.create();
    await rig.kill(await rig.claim());
    const { ending, b } = await rig.db.withTransaction(async (tx) => {
      const { job } = await rig.store.createJob(newJob({ queue, ...after(a), onDependencyFailure: "wait" }), { tx });
      const retried = rig.store.retryJob({ tenantId, id: a.id });
      await rig.someoneWaits();
      return { ending: retried, b: job };
    });
    await ending;
    await rig.complete(await rig.claim());
    expect(only(await rig.claim()).job.id).toBe(b.id);
  });

  const rounds = 40;
  it.each([
    ["completes", (claimed: ClaimedJob) => rig.complete([claimed]), "released"],
    ["dies", (claimed: ClaimedJob) => rig.kill([claimed]), "cancelled"],
    ["is cancelled", ({ job }: ClaimedJob) => rig.store.cancelJob({ tenantId, id: job.id }), "cancelled"],
    ["is deleted", ({ job }: ClaimedJob) => rig.store.deleteJob({ tenantId, id: job.id }), "cancelled"],
  ] as const)("never leaves one waiting for ever, nor runs it early: it %s", async (what, end, expected) => {
    for (let round = 0; round < rounds; round++) {
      const a = await rig.create();
      // A running job can't be deleted.
      const claimed = what === "is deleted" ? { job: a, leaseToken: "" } : only(await rig.claim());
      const enqueue = () => rig.create(after(a)).catch(() => undefined);
      const outcomes = await Promise.all([enqueue(), enqueue(), end(claimed), enqueue(), enqueue()]);
      const dependents = outcomes.filter(
        (job): job is Job => typeof job === "object" && job !== null && "id" in job && job.id !== a.id,
      );
      if (what !== "is deleted") expect(dependents).toHaveLength(4);
      const ready = await rig.claim();
      if (expected === "released") {
        expect(new Set(ready.map(({ job }) => job.id))).toEqual(new Set(dependents.map(({ id }) => id)));
        await rig.complete(ready);
      } else {
        expect(ready).toEqual([]);
        for (const job of dependents) expect(await rig.statusOf(job)).toBe("cancelled");
      }
      expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
    }
  });

  it("its end waits for no enqueue that waits for another end of the same batch", async () => {
    const [a, b] = [await rig.create(), await rig.create()];
    const [ofA, ofB] = [await rig.claim(1), await rig.claim(1)];
    const items = (claimed: readonly ClaimedJob[]) => [{ leaseToken: only(claimed).leaseToken, result: null }];
    rig.failed.length = 0;
    const { enqueued } = await rig.db.withTransaction(async (tx) => {
      await completeIn(tx, items(ofB));
      const dependent = rig.create(after(a, b));
      await rig.someoneWaits();
      await completeIn(tx, items(ofA));
      return { enqueued: dependent };
    });
    const { id } = await enqueued;
    expect(only(await rig.claim()).job.id).toBe(id);
    expect(rig.failed).toEqual([]);
  });

  it("never deadlocks with a batch that ends many of them in another order", async () => {
    for (let round = 0; round < 20; round++) {
      await rig.store.createJobs(Array.from({ length: 20 }, () => newJob({ queue })));
      const claimed = await rig.claim();
      const ids = claimed.map(({ job }) => job.id);
      rig.failed.length = 0;
      const [b, c] = await Promise.all([
        rig.create(after(...ids)),
        rig.create(after(...ids)),
        rig.complete(claimed.toReversed()),
      ]);
      // A deadlock ends one of the statements, which is tried again.
      expect(rig.failed).toEqual([]);
      const released = await rig.claim();
      expect(new Set(released.map(({ job }) => job.id))).toEqual(new Set([b.id, c.id]));
      await rig.complete(released);
    }
  });
});

describe("two dependencies that end together", () => {
  it("release the job in the later one's transaction", async () => {
    const [a, b] = [await rig.create(), await rig.create()];
    const c = await rig.create(after(a, b));
    // Of one claim each: the owners of jobs of the same claim wait for one another anyway.
    const [first, second] = [await rig.claim(1), await rig.claim(1)];
    const later = await rig.db.withTransaction(async (tx) => {
      await completeIn(tx, [{ leaseToken: only(first).leaseToken, result: null }]);
      const completion = rig.complete(second);
      await Promise.race([rig.someoneWaits(), completion]);
      return { completion };
    });
    await later.completion;
    expect(only(await rig.claim()).job.id).toBe(c.id);
  });
});

describe("a job that waits and is touched in the moment in which it is released", () => {
  it("is released as it was changed when the release waits for the change", async () => {
    const a = await rig.create();
    const b = await rig.create(after(a));
    const claimed = await rig.claim();
    const { released } = await rig.db.withTransaction(async (tx) => {
      await update(tx, { tenantId, id: b.id }, { priority: 5 });
      const completion = rig.complete(claimed);
      await rig.someoneWaits();
      return { released: completion };
    });
    await released;
    expect((await rig.claim()).map(({ job }) => [job.id, job.priority])).toEqual([[b.id, 5]]);
  });

  it.each([
    ["changed", (job: Job) => rig.store.updateJob({ tenantId, id: job.id }, { priority: 5 })],
    ["cancelled", (job: Job) => rig.store.cancelJob({ tenantId, id: job.id })],
    ["deleted", (job: Job) => rig.store.deleteJob({ tenantId, id: job.id })],
  ] as const)("is %s once and lost never", async (what, touch) => {
    for (let round = 0; round < 40; round++) {
      const [a, a2] = [await rig.create(), await rig.create()];
      const b = await rig.create(after(a, a2));
      const c = await rig.create(after(b));
      const claimed = await rig.claim();
      await Promise.all([rig.complete(claimed.slice(0, 1)), touch(b), rig.complete(claimed.slice(1))]);
      const ready = await rig.claim();
      if (what === "changed") {
        expect(ready.map(({ job }) => [job.id, job.priority])).toEqual([[b.id, 5]]);
        await rig.complete(ready);
        await rig.complete(await rig.claim());
        expect(await rig.statusOf(c)).toBe("completed");
      } else {
        expect(ready).toEqual([]);
        expect(await rig.statusOf(c)).toBe("cancelled");
      }
      expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
    }
  });

  it("is cancelled once when a cascade and others meet on it", async () => {
    const quietly = (change: Promise<unknown>) => change.catch(() => undefined);
    for (let round = 0; round < 30; round++) {
      const a = await rig.create({ priority: 9 });
      const chain = await rig.store.createJobs([
        newJob({ queue, dependsOn: [a.id] }),
        newJob({ queue, dependsOn: [0] }),
        newJob({ queue, dependsOn: [0, 1, a.id] }),
      ]);
      const [b, c, d] = chain.map(({ id }) => ({ tenantId, id }));
      if (b === undefined || c === undefined || d === undefined) throw new Error("too few");
      const claimed = await rig.claim();
      await Promise.all([
        quietly(rig.store.cancelJob(c)),
        rig.kill(claimed),
        quietly(rig.store.cancelJob(b)),
        quietly(rig.store.updateJob(d, { priority: round })),
        quietly(rig.store.cancelJob(d)),
      ]);
      expect(await Promise.all(chain.map(rig.statusOf))).toEqual(["cancelled", "cancelled", "cancelled"]);
      expect(await rig.leftovers()).toEqual({ blocked: 0, edges: 0 });
      expect(await rig.claim()).toEqual([]);
    }
    expect((await rig.store.queueStats({ tenantId, queue }))[0]).toMatchObject({ cancelled: 90, dead: 30, pending: 0 });
  });
});
