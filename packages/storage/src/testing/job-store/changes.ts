import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobStore } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, newJob, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** Cancel, retry, and what races between a change and an owner end in. */
export function describeChanges(open: OpenJobStore): void {
  describe("cancel and retry", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    it("cancels a pending job for good", async () => {
      const queue = "cancel";
      const { job } = await store.createJob(newJob({ queue }));
      const ref = { tenantId: "acme", id: job.id };
      expect(await store.cancelJob(ref)).toMatchObject({ id: job.id, status: "cancelled" });
      expect(await store.claimJobs({ queues: [queue], limit: 1, leaseMs: 1_000, worker: "w" })).toEqual([]);
      await expect(store.cancelJob(ref)).rejects.toMatchObject({ code: "INVALID_STATE" });
    });

    it("cancels a running job: its owner hears of it and can no longer finish it", async () => {
      const claimed = await createAndClaim(store, { queue: "cancel-running" });
      await store.cancelJob({ tenantId: "acme", id: claimed.job.id });
      expect(await store.heartbeat([claimed.leaseToken], 1_000)).toEqual([
        { ok: false, status: "cancelled", cancelRequested: true },
      ]);
      expect(await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }])).toEqual([
        { ok: false, reason: "lost", status: "cancelled" },
      ]);
    });

    it("retries finished jobs with their history, and gives one more attempt to a job without any", async () => {
      const dead = await createAndClaim(store, { queue: "again", maxAttempts: 1 });
      await store.failJobs([{ leaseToken: dead.leaseToken, message: "no", retryable: true }]);
      const ref = { tenantId: "acme", id: dead.job.id };
      expect(await store.retryJob(ref)).toMatchObject({
        status: "pending",
        attempts: 1,
        maxAttempts: 2,
        lastError: "no",
      });
      await expect(store.retryJob(ref)).rejects.toMatchObject({ code: "INVALID_STATE" });
      const claimed = await claimOne(store, { queue: "again" });
      expect(claimed.job).toMatchObject({ id: dead.job.id, attempts: 2, fence: 2, errors: [{ attempt: 1 }] });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]);
      expect((await store.retryJob(ref)).status).toBe("pending");
      await store.cancelJob(ref);
      expect((await store.retryJob(ref)).status).toBe("pending");
    });

    it("ends every race of claim, cancel, change and delete in exactly one outcome", async () => {
      const queue = "races";
      for (let round = 0; round < 40; round++) {
        const { job } = await store.createJob(newJob({ queue }));
        const ref = { tenantId: "acme", id: job.id };
        const [claim, cancel, change, remove] = await Promise.allSettled([
          store.claimJobs({ queues: [queue], limit: 1, leaseMs: 60_000, worker: "w" }),
          store.cancelJob(ref),
          store.updateJob(ref, { priority: round }),
          store.deleteJob(ref),
        ]);
        const token = claim.status === "fulfilled" ? claim.value[0]?.leaseToken : undefined;
        if (remove.status === "fulfilled") {
          await expect(store.getJob(ref)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
        } else {
          const { status } = await store.getJob(ref);
          expect(status).toBe(cancel.status === "fulfilled" ? "cancelled" : "running");
        }
        for (const settled of [cancel, change, remove]) {
          if (settled.status === "rejected") {
            expect(["INVALID_STATE", "JOB_NOT_FOUND"]).toContain((settled.reason as { code: string }).code);
          }
        }
        if (token !== undefined && cancel.status === "rejected" && remove.status === "rejected") {
          expect(await store.completeJobs([{ leaseToken: token, result: null }])).toMatchObject([{ ok: true }]);
        }
        expect(await store.claimJobs({ queues: [queue], limit: 1, leaseMs: 1_000, worker: "w" })).toEqual([]);
      }
    });

    it("lets one of complete, fail, cancel and rescue finish a job", async () => {
      for (let round = 0; round < 40; round++) {
        const claimed = await createAndClaim(store, { queue: "finish", maxAttempts: 1 }, 1);
        const { leaseToken } = claimed;
        const ref = { tenantId: "acme", id: claimed.job.id };
        const [completed, failed, cancelled, rescued] = await Promise.all([
          store.completeJobs([{ leaseToken, result: null }]).then(([outcome]) => outcome?.ok === true),
          store.failJobs([{ leaseToken, message: "x", retryable: false }]).then(([outcome]) => outcome?.ok === true),
          store.cancelJob(ref).then(
            () => true,
            () => false,
          ),
          store.rescueExpired(10).then(({ dead }) => dead > 0),
        ]);
        expect([completed, failed, cancelled, rescued].filter(Boolean)).toHaveLength(1);
        const { status } = await store.getJob(ref);
        const winner = [completed && "completed", cancelled && "cancelled", "dead"].find(Boolean);
        expect(status).toBe(winner);
      }
    });

    it("answers a ping", async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
