import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobConditions, JobStore } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, newJob, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

const tenantId = "acme";

/** Changes of many jobs at once. */
export function describeBulk(open: OpenJobStore): void {
  describe("many jobs at once", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const add = async (queue: string, count: number, more: Parameters<typeof newJob>[0] = {}) =>
      (await store.createJobs(Array.from({ length: count }, () => newJob({ queue, ...more })))).map(({ id }) => id);
    const statusOf = async (id: string) => (await store.getJob({ tenantId, id })).status;

    /** All that fit, look by look. */
    async function matched(conditions: Omit<JobConditions, "tenantId">, limit = 1_000): Promise<readonly string[]> {
      const ids: string[] = [];
      for (let beforeId: string | null | undefined; beforeId !== null;) {
        const page = await store.matchJobs({ ...conditions, tenantId, limit, beforeId });
        ids.push(...page.ids);
        beforeId = page.nextBeforeId;
      }
      return ids;
    }

    it("are found by every condition, newest first, each once however small the looks are", async () => {
      const ids = (await add("match", 7, { tags: ["x"], type: "match.t" })).toReversed();
      await add("match", 3);
      await store.cancelJobs(tenantId, ids.slice(0, 3));
      for (const conditions of [{ type: "match.t" }, { tag: "x" }, { queue: "match", type: "match.t" }]) {
        expect(await matched(conditions, 2)).toEqual(ids);
      }
      expect(await matched({ tag: "x", statuses: ["pending"] })).toEqual(ids.slice(3));
      expect(await matched({ tag: "x", statuses: ["dead", "cancelled"] }, 2)).toEqual(ids.slice(0, 3));
      expect(await matched({ tag: "x", statuses: ["running", "dead"] })).toEqual([]);
      expect(await matched({ queue: "match", createdAfter: new Date(Date.now() + 3_600_000) })).toEqual([]);
    });

    it("are found however rare they are among others", async () => {
      const rare = await add("rare", 1);
      for (let n = 0; n < 3; n++) await add("common", 2_000);
      const first = await store.matchJobs({ tenantId, queue: "rare", limit: 10 });
      expect(first.ids).toEqual([]);
      expect(first.nextBeforeId).not.toBeNull();
      expect(await matched({ queue: "rare" })).toEqual(rare);
    });

    it("are cancelled wherever they wait or run, and finished ones left alone", async () => {
      const queue = "bulk-cancel";
      const running = await createAndClaim(store, { queue });
      const done = await createAndClaim(store, { queue });
      await store.completeJobs([{ leaseToken: done.leaseToken, result: null }]);
      const ids = [
        ...(await add(queue, 5)),
        ...(await add(queue, 2, { delayMs: 60_000 })),
        ...(await add(queue, 2, { concurrencyKey: "one" })),
      ];
      // A job that moves at that very moment may be left out: here all stand still.
      await store.admitHeld();
      expect(await store.cancelJobs(tenantId, [...ids, running.job.id, done.job.id])).toBe(10);
      for (const id of [...ids, running.job.id]) expect(await statusOf(id)).toBe("cancelled");
      expect(await statusOf(done.job.id)).toBe("completed");
      expect(await store.claimJobs({ queues: [queue], limit: 10, leaseMs: 1_000, worker: "w" })).toEqual([]);
      expect((await store.completeJobs([{ leaseToken: running.leaseToken, result: null }]))[0]?.ok).toBe(false);
      expect(await store.listAttempts(running.job)).toMatchObject([{ outcome: "cancelled" }]);
      const [stats] = await store.queueStats({ tenantId, queue });
      expect(stats).toMatchObject({ pending: 0, running: 0, cancelled: 10, completed: 1 });
    });

    it("are retried as one by one: attempts go on, counts follow, and they can be claimed", async () => {
      const queue = "bulk-retry";
      const ids = await add(queue, 3, { maxAttempts: 1 });
      for (const _ of ids) {
        const { leaseToken } = await claimOne(store, { queue });
        await store.failJobs([{ leaseToken, message: "no", retryable: true }]);
      }
      const [pending = ""] = await add(queue, 1, { delayMs: 60_000 });
      expect(await store.retryJobs(tenantId, [...ids, pending])).toBe(3);
      expect((await store.getJob({ tenantId, id: ids[0] ?? "" })).maxAttempts).toBe(2);
      expect((await store.queueStats({ tenantId, queue }))[0]).toMatchObject({ pending: 4, dead: 0 });
      expect(await store.claimJobs({ queues: [queue], limit: 10, leaseMs: 1_000, worker: "w" })).toHaveLength(3);
      expect(await store.retryJobs(tenantId, ids)).toBe(0);
    });

    it("are deleted with their keys, unless they run", async () => {
      const queue = "bulk-delete";
      const running = await createAndClaim(store, { queue });
      const finished = await createAndClaim(store, { queue, idempotencyKey: "bulk-delete", requestHash: "h" });
      await store.completeJobs([{ leaseToken: finished.leaseToken, result: null }]);
      const ids = await add(queue, 3);
      expect(await store.deleteJobs(tenantId, [...ids, finished.job.id, running.job.id])).toBe(4);
      expect(await statusOf(running.job.id)).toBe("running");
      expect(await store.claimJobs({ queues: [queue], limit: 10, leaseMs: 1_000, worker: "w" })).toEqual([]);
      const again = await store.createJob(newJob({ queue, idempotencyKey: "bulk-delete", requestHash: "other" }));
      expect(again.duplicate).toBe(false);
    });

    it("of another tenant stay as they are", async () => {
      const ids = await add("bulk-other", 2);
      expect(await store.matchJobs({ tenantId: "other", queue: "bulk-other", limit: 10 })).toMatchObject({ ids: [] });
      for (const act of [store.cancelJobs, store.retryJobs, store.deleteJobs]) expect(await act("other", ids)).toBe(0);
      for (const id of ids) expect(await statusOf(id)).toBe("pending");
    });

    it("end every race with owners and claimers in exactly one outcome each", async () => {
      const queue = "bulk-races";
      for (let round = 0; round < 10; round++) {
        const ids = await add(queue, 40);
        const held = await store.claimJobs({ queues: [queue], limit: 10, leaseMs: 60_000, worker: "w" });
        const [cancelled, again, outcomes, claimed] = await Promise.all([
          store.cancelJobs(tenantId, ids),
          store.cancelJobs(tenantId, ids.toReversed()),
          store.completeJobs(held.map(({ leaseToken }) => ({ leaseToken, result: null }))),
          store.claimJobs({ queues: [queue], limit: 10, leaseMs: 60_000, worker: "w2" }),
        ]);
        const completed = outcomes.filter(({ ok }) => ok).length;
        const late = await store.completeJobs(claimed.map(({ leaseToken }) => ({ leaseToken, result: null })));
        const lateCompleted = late.filter(({ ok }) => ok).length;
        const rest = await store.cancelJobs(tenantId, ids);
        expect(cancelled + again + completed + lateCompleted + rest).toBe(40);
        const statuses = await Promise.all(ids.map(statusOf));
        expect(statuses.filter((status) => status === "completed")).toHaveLength(completed + lateCompleted);
        expect(statuses.filter((status) => status === "cancelled")).toHaveLength(cancelled + again + rest);
      }
      expect((await store.queueStats({ tenantId, queue }))[0]).toMatchObject({ pending: 0, running: 0 });
    });
  });
}
