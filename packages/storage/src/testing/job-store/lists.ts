import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { jobStatuses } from "@millrace/contract";

import type { JobFilter, JobStore } from "../../jobs/job-store.ts";
import { claimOne, newJob, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** Lists, filters, cursors and counts. */
export function describeLists(open: OpenJobStore): void {
  describe("lists and counts", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
      for (const end of ["completed", "dead", "running"] as const) {
        const { job } = await store.createJob(newJob({ queue: "q1", type: `t.${end}`, tags: [end, "all"] }));
        ids[end] = job.id;
        const { leaseToken } = await claimOne(store, { queue: "q1" });
        if (end === "completed") await store.completeJobs([{ leaseToken, result: null }]);
        if (end === "dead") await store.failJobs([{ leaseToken, message: "no", retryable: false }]);
      }
      const cancelled = await store.createJob(newJob({ queue: "q2", tags: ["all"] }));
      await store.cancelJob({ tenantId: "acme", id: cancelled.job.id });
      ids["cancelled"] = cancelled.job.id;
      const pending = await store.createJob(
        newJob({ queue: "q2", tags: ["all"], idempotencyKey: "find", requestHash: "1" }),
      );
      ids["pending"] = pending.job.id;
      const later = await store.createJob(newJob({ queue: "q2", delayMs: 3_600_000 }));
      ids["later"] = later.job.id;
      await store.createJob(newJob({ tenantId: "other", queue: "q1", tags: ["all"] }));
    });
    afterAll(() => fixture.close());

    const list = async (filter: Partial<JobFilter>) => {
      const page = await store.listJobs({ tenantId: "acme", limit: 100, ...filter });
      return page.jobs.map(({ id }) => id);
    };

    it("shows a tenant its own jobs only, newest first", async () => {
      const all = await list({});
      expect(all).toHaveLength(6);
      expect(all).toEqual(all.toSorted().toReversed());
      expect(await list({ tenantId: "nobody" })).toEqual([]);
    });

    it.each(jobStatuses)("filters by the status %s", async (status) => {
      const found = await list({ status });
      expect(found).toContain(ids[status]);
      expect(found).toHaveLength(status === "pending" ? 2 : 1);
    });

    it("filters by queue, type, tag, key and times", async () => {
      expect(await list({ queue: "q1" })).toHaveLength(3);
      expect(await list({ type: "t.dead" })).toEqual([ids["dead"]]);
      expect(await list({ tag: "all" })).toHaveLength(5);
      expect(await list({ tag: "dead", status: "completed" })).toEqual([]);
      expect(await list({ idempotencyKey: "find" })).toEqual([ids["pending"]]);
      expect(await list({ createdAfter: new Date(Date.now() - 3_600_000) })).toHaveLength(6);
      expect(await list({ createdBefore: new Date(Date.now() - 3_600_000) })).toEqual([]);
      expect(await list({ scheduledBefore: new Date(Date.now() + 60_000) })).toHaveLength(5);
    });

    it.each([1, 2, 4])("shows each job once on a walk by cursor with pages of %i", async (limit) => {
      const seen: string[] = [];
      let beforeId: string | undefined;
      do {
        const page = await store.listJobs({ tenantId: "acme", limit, beforeId });
        expect(page.jobs.length).toBeLessThanOrEqual(limit);
        seen.push(...page.jobs.map(({ id }) => id));
        beforeId = page.nextBeforeId ?? undefined;
      } while (beforeId !== undefined);
      expect(seen).toEqual(await list({}));
    });

    it("bounds a page by its bytes, and still shows each job once on a walk", async () => {
      const payload = JSON.stringify("x".repeat(250_000));
      await store.createJobs(Array.from({ length: 80 }, () => newJob({ tenantId: "large", payload })));
      const pages: number[] = [];
      const seen = new Set<string>();
      let beforeId: string | undefined;
      do {
        const page = await store.listJobs({ tenantId: "large", limit: 500, beforeId });
        pages.push(page.jobs.length);
        for (const { id } of page.jobs) seen.add(id);
        beforeId = page.nextBeforeId ?? undefined;
      } while (beforeId !== undefined);
      expect(seen.size).toBe(80);
      expect(pages.reduce((sum, length) => sum + length)).toBe(80);
      expect(Math.max(...pages)).toBeLessThan(40);
    });

    it("counts the jobs of each queue by status", async () => {
      const [q1, q2] = await store.queueStats({ tenantId: "acme" });
      expect(q1).toMatchObject({
        queue: "q1",
        pending: 0,
        running: 1,
        completed: 1,
        dead: 1,
        cancelled: 0,
        capped: [],
      });
      expect(q2).toMatchObject({ queue: "q2", pending: 2, scheduled: 1, running: 0, cancelled: 1 });
      expect(q2?.oldestPendingAgeMs).toBeGreaterThanOrEqual(0);
      expect(await store.queueStats({ tenantId: "acme", queue: "none" })).toEqual([]);
    });

    it("counts the queues of a tenant page by page, or those of some names", async () => {
      for (const queue of ["a", "b", "c", "d"]) await store.createJob(newJob({ tenantId: "many-queues", queue }));
      const names = async (filter: { queues?: readonly string[]; afterQueue?: string; limit?: number }) =>
        (await store.queueStats({ tenantId: "many-queues", ...filter })).map(({ queue }) => queue);
      expect(await names({ limit: 3 })).toEqual(["a", "b", "c"]);
      expect(await names({ limit: 3, afterQueue: "c" })).toEqual(["d"]);
      expect(await names({ limit: 1, queues: ["d", "b", "none"] })).toEqual(["b"]);
      expect(await names({ afterQueue: "b", queues: ["d", "b"] })).toEqual(["d"]);
    });

    it("counts the first queue of every tenant before the second of any", async () => {
      const tenants = async (limit: number) =>
        new Set((await store.queueStats({ limit })).map((each) => each.tenantId));
      const all = await tenants(1_000);
      expect(all.size).toBeGreaterThan(2);
      expect(await tenants(all.size)).toEqual(all);
    });

    it("keeps the counts right when finished jobs are retried or deleted, and when they are folded", async () => {
      const counts = async () => {
        const [stats] = await store.queueStats({ tenantId: "counted" });
        return [stats?.pending, stats?.completed, stats?.cancelled];
      };
      const { job } = await store.createJob(newJob({ tenantId: "counted" }));
      const ref = { tenantId: "counted", id: job.id };
      const [claimed] = await store.claimJobs({ tenantId: "counted", limit: 1, leaseMs: 60_000, worker: "w" });
      await store.completeJobs([{ leaseToken: claimed?.leaseToken ?? "", result: null }]);
      expect(await counts()).toEqual([0, 1, 0]);
      await store.retryJob(ref);
      expect(await counts()).toEqual([1, 0, 0]);
      await store.cancelJob(ref);
      expect(await store.foldCounts(1_000)).toBeGreaterThan(0);
      expect(await store.foldCounts(1_000)).toBe(0);
      expect(await counts()).toEqual([0, 0, 1]);
      await store.deleteJob(ref);
      expect(await counts()).toEqual([0, 0, 0]);
    });
  });
}
