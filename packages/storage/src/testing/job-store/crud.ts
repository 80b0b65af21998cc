import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobStore } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, newJob, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

const unknownId = "0199a0b0-0000-7000-8000-000000000000";

/** Create, read, list, change, delete. */
export function describeCrud(open: OpenJobStore): void {
  describe("create, read, update, delete", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    it("keeps every field of a job as it was given", async () => {
      const given = newJob({
        queue: "emails",
        type: "email.send",
        payload: JSON.stringify({ to: "ü@example.com", n: [1, null, { deep: "\u2028" }] }),
        priority: -7,
        maxAttempts: 5,
        retry: { kind: "delays", delaysMs: [5, 50] },
        timeoutMs: 1_234,
        scheduledAt: new Date("2031-02-03T04:05:06.789Z"),
        concurrencyKey: "customer/1",
        tags: ["a", 'q"uote', "back\\slash", "{x,y}"],
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        traceId: "order-42",
      });
      const { job: answered, duplicate } = await store.createJob(given);
      const read = await store.getJob({ tenantId: "acme", id: answered.id });
      expect(duplicate).toBe(false);
      expect(read).toEqual(answered);
      expect(read).toMatchObject({
        tenantId: "acme",
        queue: "emails",
        type: "email.send",
        payload: JSON.parse(given.payload),
        status: "pending",
        priority: -7,
        attempts: 0,
        maxAttempts: 5,
        retry: given.retry,
        timeoutMs: 1_234,
        scheduledAt: given.scheduledAt,
        concurrencyKey: "customer/1",
        tags: given.tags,
        traceparent: given.traceparent,
        traceId: "order-42",
        lastError: null,
        errors: [],
        result: null,
        completedAt: null,
        lockedBy: null,
      });
    });

    it("answers JOB_NOT_FOUND for an unknown id and for another tenant's job", async () => {
      const { job } = await store.createJob(newJob());
      const foreign = { tenantId: "other", id: job.id };
      for (const ref of [foreign, { tenantId: "acme", id: unknownId }]) {
        await expect(store.getJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
        await expect(store.updateJob(ref, { priority: 1 })).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
        await expect(store.deleteJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
        await expect(store.cancelJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
        await expect(store.retryJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
      }
      expect((await store.getJob({ tenantId: "acme", id: job.id })).status).toBe("pending");
    });

    it("changes a pending job, and the claim order with it", async () => {
      const queue = "reorder";
      const first = await store.createJob(newJob({ queue }));
      const second = await store.createJob(newJob({ queue }));
      const changed = await store.updateJob(
        { tenantId: "acme", id: second.job.id },
        { priority: 9, maxAttempts: 2, tags: ["vip"], payload: '{"x":1}' },
      );
      expect(changed).toMatchObject({ priority: 9, maxAttempts: 2, tags: ["vip"], payload: { x: 1 } });
      expect(changed.updatedAt.getTime()).toBeGreaterThanOrEqual(second.job.updatedAt.getTime());
      expect((await claimOne(store, { queue })).job.id).toBe(second.job.id);
      expect((await claimOne(store, { queue })).job.id).toBe(first.job.id);
    });

    it("moves a job between due and scheduled when its time changes", async () => {
      const queue = "moved";
      const { job } = await store.createJob(newJob({ queue }));
      const ref = { tenantId: "acme", id: job.id };
      await store.updateJob(ref, { delayMs: 3_600_000 });
      expect(await store.claimJobs({ queues: [queue], limit: 1, leaseMs: 1_000, worker: "w" })).toEqual([]);
      await store.updateJob(ref, { scheduledAt: new Date(0) });
      expect((await claimOne(store, { queue })).job.id).toBe(job.id);
    });

    it("refuses to change a job that is not pending, or to leave it fewer attempts than it has used", async () => {
      const claimed = await createAndClaim(store, { queue: "busy" });
      const ref = { tenantId: "acme", id: claimed.job.id };
      await expect(store.updateJob(ref, { priority: 1 })).rejects.toMatchObject({ code: "INVALID_STATE" });
      await store.failJobs([
        { leaseToken: claimed.leaseToken, message: "x", retryable: true, retryAfterMs: 3_600_000 },
      ]);
      await expect(store.updateJob(ref, { maxAttempts: 1 })).rejects.toMatchObject({ code: "INVALID_STATE" });
      expect((await store.updateJob(ref, { maxAttempts: 2 })).maxAttempts).toBe(2);
    });

    it("deletes pending and finished jobs for good, refuses a running one, and frees the idempotency key", async () => {
      const queue = "deleted";
      const keyed = newJob({ queue, idempotencyKey: "delete-me", requestHash: "1" });
      const pending = await store.createJob(keyed);
      await store.deleteJob({ tenantId: "acme", id: pending.job.id });
      await expect(store.getJob({ tenantId: "acme", id: pending.job.id })).rejects.toMatchObject({
        code: "JOB_NOT_FOUND",
      });
      expect(await store.claimJobs({ queues: [queue], limit: 1, leaseMs: 1_000, worker: "w" })).toEqual([]);

      const again = await store.createJob(keyed);
      expect(again.duplicate).toBe(false);
      const claimed = await claimOne(store, { queue });
      const ref = { tenantId: "acme", id: claimed.job.id };
      await expect(store.deleteJob(ref)).rejects.toMatchObject({ code: "INVALID_STATE" });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]);
      await store.deleteJob(ref);
      await expect(store.deleteJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
      expect((await store.createJob(keyed)).duplicate).toBe(false);
    });
  });
}
