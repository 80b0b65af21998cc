import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ClaimedJob, JobStore } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, newJob, until, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** What is kept of each attempt. */
export function describeAttempts(open: OpenJobStore): void {
  describe("attempts", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const outcomes = async ({ job }: ClaimedJob) => (await store.listAttempts(job)).map(({ outcome }) => outcome);

    it("are none for a job that was never claimed, nor for one that isn't there", async () => {
      const { job } = await store.createJob(newJob({ queue: "never" }));
      expect(await store.listAttempts(job)).toEqual([]);
      await store.cancelJob(job);
      expect(await store.listAttempts(job)).toEqual([]);
      expect(await store.listAttempts({ tenantId: "other", id: job.id })).toEqual([]);
    });

    it("show the one that runs without an end, and with its end once it has completed", async () => {
      const claimed = await createAndClaim(store, { queue: "completes" });
      const [running] = await store.listAttempts(claimed.job);
      expect(running).toMatchObject({ attempt: 1, outcome: "running", worker: "worker-1", endedAt: null });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]);
      const [completed, ...others] = await store.listAttempts(claimed.job);
      expect(others).toEqual([]);
      expect(completed).toMatchObject({ attempt: 1, outcome: "completed", startedAt: running?.startedAt });
      expect(completed?.endedAt?.getTime()).toBeGreaterThanOrEqual(completed?.startedAt?.getTime() ?? 0);
    });

    it("keep the message and stack of each that failed, also of the last one", async () => {
      const queue = "fails";
      const claimed = await createAndClaim(store, { queue, maxAttempts: 2, retry: { kind: "fixed", delayMs: 0 } });
      await store.failJobs([{ leaseToken: claimed.leaseToken, message: "one", stack: "at one", retryable: true }]);
      const again = await claimOne(store, { queue, worker: "worker-2" });
      await store.failJobs([{ leaseToken: again.leaseToken, message: "two", retryable: true }]);
      expect(await store.listAttempts(claimed.job)).toMatchObject([
        { attempt: 1, outcome: "failed", worker: "worker-1", error: { message: "one", stack: "at one" } },
        { attempt: 2, outcome: "failed", worker: "worker-2", error: { message: "two" } },
      ]);
    });

    it("keep those that were snoozed and released, with the number that the next one gets again", async () => {
      const queue = "returns";
      const claimed = await createAndClaim(store, { queue });
      await store.snoozeJobs([{ leaseToken: claimed.leaseToken, delayMs: 0 }]);
      await store.releaseJobs([{ leaseToken: (await claimOne(store, { queue })).leaseToken }]);
      await claimOne(store, { queue });
      expect((await store.listAttempts(claimed.job)).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
        [1, "snoozed"],
        [1, "released"],
        [1, "running"],
      ]);
    });

    it("keep one whose lease ran out, retried or dead", async () => {
      for (const maxAttempts of [1, 2]) {
        const claimed = await createAndClaim(store, { queue: `expires-${maxAttempts}`, maxAttempts }, 1);
        await until(async () => {
          await store.rescueExpired(100);
          return (await store.getJob(claimed.job)).status !== "running";
        });
        const [attempt, ...others] = await store.listAttempts(claimed.job);
        expect(others).toEqual([]);
        expect(attempt).toMatchObject({
          outcome: "leaseExpired",
          error: { message: "lease expired (worker worker-1)" },
        });
      }
    });

    it("keep one that was cancelled, and a completed one when its job is retried", async () => {
      const queue = "again-and-again";
      const claimed = await createAndClaim(store, { queue });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]);
      await store.retryJob(claimed.job);
      expect(await outcomes(claimed)).toEqual(["completed"]);
      await claimOne(store, { queue });
      expect(await outcomes(claimed)).toEqual(["completed", "running"]);
      await store.cancelJob(claimed.job);
      expect(await outcomes(claimed)).toEqual(["completed", "cancelled"]);
      await store.retryJob(claimed.job);
      expect(await outcomes(claimed)).toEqual(["completed", "cancelled"]);
    });

    it("are listed oldest first behind a fence, so that a walk sees each once, the running one last", async () => {
      const queue = "many";
      const claimed = await createAndClaim(store, { queue });
      await store.releaseJobs([{ leaseToken: claimed.leaseToken }]);
      for (let n = 0; n < 4; n++) {
        await store.snoozeJobs([{ leaseToken: (await claimOne(store, { queue })).leaseToken, delayMs: 0 }]);
      }
      await claimOne(store, { queue });
      const pages: (readonly string[])[] = [];
      let afterFence: number | undefined;
      do {
        const page = await store.listAttempts(claimed.job, { afterFence, limit: 4 });
        pages.push(page.map(({ outcome }) => outcome));
        afterFence = page.at(-1)?.fence;
      } while (afterFence !== undefined);
      expect(pages).toEqual([["released", "snoozed", "snoozed", "snoozed"], ["snoozed", "running"], []]);
    });
  });
}
