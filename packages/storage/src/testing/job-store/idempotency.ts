import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobStore } from "../../jobs/job-store.ts";
import { claimOne, newJob, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** One key, one job; and batches that are all or nothing. */
export function describeIdempotency(open: OpenJobStore): void {
  describe("idempotency keys and batches", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    it("makes one job of 50 concurrent creations with one key", async () => {
      const job = newJob({ queue: "fifty", idempotencyKey: "fifty", requestHash: "same" });
      const created = await Promise.all(Array.from({ length: 50 }, () => store.createJob(job)));
      expect(new Set(created.map(({ job: { id } }) => id)).size).toBe(1);
      expect(created.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(await store.claimJobs({ queues: ["fifty"], limit: 10, leaseMs: 60_000, worker: "w" })).toHaveLength(1);
    });

    it("refuses a key that was used with another request, and leaves the first job alone", async () => {
      const first = await store.createJob(newJob({ idempotencyKey: "k", requestHash: "a", payload: '{"v":1}' }));
      const reused = newJob({ idempotencyKey: "k", requestHash: "b", payload: '{"v":2}' });
      await expect(store.createJob(reused)).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
      await expect(store.createJobs([newJob(), reused])).rejects.toMatchObject({
        code: "IDEMPOTENCY_KEY_REUSED",
        errors: [{ path: "jobs.1.idempotencyKey" }],
      });
      expect((await store.getJobByIdempotencyKey("acme", "k")).id).toBe(first.job.id);
      expect((await store.getJob({ tenantId: "acme", id: first.job.id })).payload).toEqual({ v: 1 });
    });

    it("keeps keys of two tenants apart", async () => {
      const a = await store.createJob(newJob({ idempotencyKey: "shared", requestHash: "1" }));
      const b = await store.createJob(newJob({ tenantId: "other", idempotencyKey: "shared", requestHash: "2" }));
      expect(b.duplicate).toBe(false);
      expect(b.job.id).not.toBe(a.job.id);
      await expect(store.getJobByIdempotencyKey("third", "shared")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    });

    it("still knows the key of a finished job", async () => {
      const keyed = newJob({ queue: "finished-key", idempotencyKey: "done", requestHash: "1" });
      const { job } = await store.createJob(keyed);
      const claimed = await claimOne(store, { queue: "finished-key" });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: '"r"' }]);
      const again = await store.createJob(keyed);
      expect(again).toMatchObject({ duplicate: true, job: { id: job.id, status: "completed", result: "r" } });
    });

    it("creates a batch all or nothing, with ids in input order", async () => {
      const queue = "batch";
      const jobs = Array.from({ length: 1_000 }, (_, n) => newJob({ queue, payload: JSON.stringify({ n }) }));
      const ids = await store.createJobs(jobs);
      expect(ids).toHaveLength(1_000);
      for (const n of [0, 499, 999]) {
        const id = ids[n]?.id ?? "";
        expect((await store.getJob({ tenantId: "acme", id })).payload).toEqual({ n });
      }
      const bad = [newJob({ queue: "batch-bad" }), newJob({ queue: "batch-bad", payload: "{not json" })];
      await expect(store.createJobs(bad)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
      expect(await store.claimJobs({ queues: ["batch-bad"], limit: 5, leaseMs: 1_000, worker: "w" })).toEqual([]);
    });

    it("answers duplicates inside one batch and with earlier jobs by their ids", async () => {
      const keyed = (key: string) => newJob({ queue: "dups", idempotencyKey: key, requestHash: "1" });
      const { job } = await store.createJob(keyed("dup-0"));
      const ids = await store.createJobs([keyed("dup-0"), keyed("dup-1"), keyed("dup-1"), newJob({ queue: "dups" })]);
      expect(ids.map(({ duplicate }) => duplicate)).toEqual([true, false, true, false]);
      expect(ids[0]?.id).toBe(job.id);
      expect(ids[1]?.id).toBe(ids[2]?.id);
    });

    it("does not let one refused job fail its neighbours", async () => {
      const jobs = [newJob(), newJob({ payload: "{broken" }), newJob()];
      const outcomes = await Promise.allSettled(jobs.map((job) => store.createJob(job)));
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    });
  });
}
