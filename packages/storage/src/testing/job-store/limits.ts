import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ClaimRequest, JobStore } from "../../jobs/job-store.ts";
import { type JobStoreFixture, newJob, type OpenJobStore, until } from "./fixture.ts";

const tenantId = "acme";

/** What a store must promise of queues with limits, of concurrency keys, and of tenants that share workers. */
export function describeLimits(open: OpenJobStore): void {
  describe("limits and order", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const claim = (queue: string, limit = 100, options: Partial<ClaimRequest> = {}) =>
      store.claimJobs({ queues: [queue], limit, leaseMs: 60_000, worker: "w", ...options });
    const add = (queue: string, n: number, changes: object = {}) =>
      store.createJobs(Array.from({ length: n }, () => newJob({ queue, ...changes })));

    describe("settings of a queue", () => {
      it("are the defaults until they are set, are replaced as a whole, and stay under the same settings", async () => {
        const ref = { tenantId, queue: "settings" };
        const day = 86_400_000;
        const defaults = {
          pausedAt: null,
          concurrency: null,
          concurrencyPerKey: 1,
          rateLimit: null,
          maxDepth: null,
          retention: { completedMs: 7 * day, deadMs: 30 * day, cancelledMs: 7 * day },
        };
        expect(await store.getQueueSettings(ref)).toEqual(defaults);
        const settings = {
          concurrency: 5,
          concurrencyPerKey: 2,
          rateLimit: { limit: 10, periodMs: 1_000 },
          maxDepth: 100,
          retention: { completedMs: day },
        };
        const set = {
          ...defaults,
          ...settings,
          rateLimit: { limit: 10, periodMs: 1_000, burst: 10 },
          retention: { ...defaults.retention, completedMs: day },
        };
        expect(await store.putQueueSettings(ref, settings)).toEqual(set);
        expect(await store.putQueueSettings(ref, settings)).toEqual(set);
        expect(await store.getQueueSettings(ref)).toEqual(set);
        expect(await store.getQueueSettings({ ...ref, tenantId: "other" })).toEqual(defaults);
        expect(await store.putQueueSettings(ref, {})).toEqual(defaults);
        expect((await store.queueStats(ref))[0]).toMatchObject({ queue: "settings", pending: 0 });
      });

      it("pause a queue at once and for good, whatever else is set", async () => {
        const ref = { tenantId, queue: "paused" };
        await add("paused", 3);
        const { pausedAt } = await store.pauseQueue(ref);
        expect(pausedAt).toBeInstanceOf(Date);
        expect((await store.pauseQueue(ref)).pausedAt).toEqual(pausedAt);
        expect((await store.putQueueSettings(ref, { concurrency: 10 })).pausedAt).toEqual(pausedAt);
        expect((await store.queueStats(ref))[0]?.pausedAt).toEqual(pausedAt);
        expect(await claim("paused")).toEqual([]);
        await add("paused", 1);
        expect(await claim("paused")).toEqual([]);
        expect((await store.resumeQueue(ref)).pausedAt).toBeNull();
        expect((await store.resumeQueue(ref)).concurrency).toBe(10);
        expect(await claim("paused")).toHaveLength(4);
      });
    });

    describe("a queue's concurrency", () => {
      it("is never exceeded by racing claims, and each kind of end makes room for one more", async () => {
        const queue = "concurrent";
        await store.putQueueSettings({ tenantId, queue }, { concurrency: 5 });
        await add(queue, 40);
        const racing = await Promise.all(Array.from({ length: 10 }, () => claim(queue, 4)));
        const running = [...racing.flat(), ...(await claim(queue))];
        expect(running).toHaveLength(5);
        const [completed, failed, snoozed, released, cancelled] = running;
        if (!completed || !failed || !snoozed || !released || !cancelled) throw new Error("five jobs expected");
        await store.completeJobs([{ leaseToken: completed.leaseToken, result: null }]);
        expect(await claim(queue)).toHaveLength(1);
        await store.failJobs([{ leaseToken: failed.leaseToken, message: "no", retryable: false }]);
        expect(await claim(queue)).toHaveLength(1);
        await store.snoozeJobs([{ leaseToken: snoozed.leaseToken, delayMs: 60_000 }]);
        expect(await claim(queue)).toHaveLength(1);
        await store.releaseJobs([{ leaseToken: released.leaseToken }]);
        expect(await claim(queue)).toHaveLength(1);
        await store.cancelJob({ tenantId, id: cancelled.job.id });
        expect(await claim(queue)).toHaveLength(1);
        expect(await claim(queue)).toEqual([]);
        await store.putQueueSettings({ tenantId, queue }, { concurrency: 7 });
        expect(await claim(queue)).toHaveLength(2);
        await store.putQueueSettings({ tenantId, queue }, {});
        expect((await claim(queue)).length).toBeGreaterThan(20);
      });

      it("leaves the other queues of a claim alone", async () => {
        await store.putQueueSettings({ tenantId, queue: "full" }, { concurrency: 1 });
        await add("full", 10);
        await add("beside", 10);
        expect(await claim("full")).toHaveLength(1);
        const claimed = await store.claimJobs({ queues: ["full", "beside"], limit: 10, leaseMs: 60_000, worker: "w" });
        expect(claimed.map(({ job }) => job.queue)).toEqual(Array.from({ length: 10 }, () => "beside"));
      });

      it("doesn't starve a queue beside others that always have more than a claim takes", async () => {
        await store.putQueueSettings({ tenantId, queue: "few" }, { concurrency: 2 });
        await add("few", 4);
        await add("lots", 500);
        for (let round = 0; round < 2; round++) {
          const claimed = await store.claimJobs({ queues: ["few", "lots"], limit: 10, leaseMs: 60_000, worker: "w" });
          const few = claimed.filter(({ job }) => job.queue === "few");
          expect(few).toHaveLength(2);
          await store.completeJobs(few.map(({ leaseToken }) => ({ leaseToken, result: null })));
        }
      });
    });

    describe("a queue's rate", () => {
      it("lets a burst start, says when the next job may, and lets it start then", async () => {
        const queue = "rated";
        const periodMs = 3_600_000;
        await store.putQueueSettings({ tenantId, queue }, { rateLimit: { limit: 20, periodMs, burst: 3 } });
        await add(queue, 10);
        expect(await claim(queue)).toHaveLength(3);
        let retryInMs = 0;
        expect(await claim(queue, 100, { onRetryIn: (ms) => (retryInMs = ms) })).toEqual([]);
        expect(retryInMs).toBeGreaterThan(0);
        expect(retryInMs).toBeLessThanOrEqual(periodMs / 20);
        await store.putQueueSettings({ tenantId, queue }, { rateLimit: { limit: 20, periodMs: 1_000, burst: 3 } });
        await until(async () => (await claim(queue)).length > 0);
      });

      it("fills no bucket by setting it again", async () => {
        const queue = "refilled";
        const settings = { rateLimit: { limit: 2, periodMs: 3_600_000 } };
        await store.putQueueSettings({ tenantId, queue }, settings);
        await add(queue, 10);
        expect(await claim(queue)).toHaveLength(2);
        await store.putQueueSettings({ tenantId, queue }, settings);
        expect(await claim(queue)).toEqual([]);
        await store.putQueueSettings({ tenantId, queue }, { rateLimit: { limit: 4, periodMs: 3_600_000 } });
        expect(await claim(queue)).toEqual([]);
      });
    });

    describe("a concurrency key", () => {
      it("lets its jobs run one after the other, by priority and then in order, beside those of other keys", async () => {
        const queue = "keyed";
        const priorities = [0, 5, 0, 5, -1];
        const created = await store.createJobs(
          priorities.map((priority) => newJob({ queue, priority, concurrencyKey: "a" })),
        );
        const other = await store.createJob(newJob({ queue, concurrencyKey: "b" }));
        await store.admitHeld();
        const order: string[] = [];
        for (let n = 0; n < priorities.length; n++) {
          const claimed = await until(async () => {
            const found = await claim(queue);
            return found.length > 0 && found;
          });
          const ofKey = claimed.filter(({ job }) => job.concurrencyKey === "a");
          expect(claimed.length - ofKey.length).toBe(n === 0 ? 1 : 0);
          expect(ofKey).toHaveLength(1);
          order.push(...ofKey.map(({ job }) => job.id));
          await store.completeJobs(ofKey.map(({ leaseToken }) => ({ leaseToken, result: null })));
        }
        const ids = created.map(({ id }) => id);
        // The first of them may have been let in before the second was there.
        expect([...order].toSorted()).toEqual(ids.toSorted());
        expect(order.indexOf(ids[1] ?? "")).toBeLessThan(order.indexOf(ids[3] ?? ""));
        expect(order.indexOf(ids[0] ?? "")).toBeLessThan(order.indexOf(ids[2] ?? ""));
        expect(order.at(-1)).toBe(ids[4]);
        expect((await store.getJob({ tenantId, id: other.job.id })).status).toBe("running");
      });

      it("lets as many run as its queue says, more at once when that is raised, and fewer when it is lowered", async () => {
        const queue = "keyed-more";
        await add(queue, 12, { concurrencyKey: "k" });
        await store.admitHeld();
        expect(await claim(queue)).toHaveLength(1);
        await store.putQueueSettings({ tenantId, queue }, { concurrencyPerKey: 4 });
        await store.admitHeld();
        const three = await claim(queue);
        expect(three).toHaveLength(3);
        await store.putQueueSettings({ tenantId, queue }, { concurrencyPerKey: 2 });
        await store.completeJobs(three.slice(0, 2).map(({ leaseToken }) => ({ leaseToken, result: null })));
        await store.admitHeld();
        expect(await claim(queue)).toEqual([]);
        await store.completeJobs(three.slice(2).map(({ leaseToken }) => ({ leaseToken, result: null })));
        await store.admitHeld();
        expect(await claim(queue)).toHaveLength(1);
      });

      it("is free again after each kind of end, a pending job's too", async () => {
        const queue = "keyed-ends";
        const next = async () => {
          await store.admitHeld();
          const claimed = await claim(queue);
          expect(claimed).toHaveLength(1);
          const [one] = claimed;
          if (one === undefined) throw new Error("a job expected");
          return one;
        };
        await add(queue, 8, { concurrencyKey: "k", maxAttempts: 1 });
        await store.failJobs([{ leaseToken: (await next()).leaseToken, message: "no", retryable: true }]);
        await store.snoozeJobs([{ leaseToken: (await next()).leaseToken, delayMs: 60_000 }]);
        await store.releaseJobs([{ leaseToken: (await next()).leaseToken }]);
        await store.cancelJob({ tenantId, id: (await next()).job.id });
        const { leaseToken } = await next();
        await store.completeJobs([{ leaseToken, result: null }]);
        await store.admitHeld();
        // The one that is let in now is changed, cancelled and deleted before it runs.
        const { jobs } = await store.listJobs({ tenantId, queue, status: "pending", limit: 10 });
        const waiting = jobs.filter(({ scheduledAt }) => scheduledAt.getTime() <= Date.now() + 1_000);
        expect(waiting).toHaveLength(4);
        for (const { id } of waiting) await store.updateJob({ tenantId, id }, { priority: 1 });
        await store.cancelJob({ tenantId, id: waiting[0]?.id ?? "" });
        await store.deleteJob({ tenantId, id: waiting[1]?.id ?? "" });
        const [expired] = await (async () => {
          await store.admitHeld();
          return claim(queue, 1, { leaseMs: 1 });
        })();
        if (expired === undefined) throw new Error("a job expected");
        await until(async () => (await store.rescueExpired(10)).dead === 1);
        expect((await next()).job.id).not.toBe(expired.job.id);
      });
    });

    describe("a queue's greatest depth", () => {
      it("refuses what is over it, a batch as a whole, with the time to wait, and takes in again what is then free", async () => {
        const queue = "deep";
        const ref = { tenantId, queue };
        await store.putQueueSettings(ref, { maxDepth: 10 });
        await add(queue, 8);
        const refusal = { code: "QUEUE_FULL", retryAfterMs: expect.any(Number) };
        await expect(add(queue, 3)).rejects.toMatchObject(refusal);
        const results = await Promise.allSettled(
          Array.from({ length: 5 }, () => store.createJob(newJob({ queue, delayMs: 60_000 }))),
        );
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
        expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: refusal });
        expect((await store.queueStats(ref))[0]?.pending).toBe(10);
        await claim(queue, 4);
        await until(() => add(queue, 4).catch(() => false));
        expect((await store.queueStats(ref))[0]?.pending).toBe(10);
      });

      it("still answers with the job that a key names", async () => {
        const queue = "deep-keyed";
        await store.putQueueSettings({ tenantId, queue }, { maxDepth: 1 });
        const job = newJob({ queue, idempotencyKey: "once", requestHash: "h" });
        const first = await store.createJob(job);
        await expect(store.createJob(newJob({ queue }))).rejects.toMatchObject({ code: "QUEUE_FULL" });
        expect(await store.createJob(job)).toMatchObject({ duplicate: true, job: { id: first.job.id } });
      });
    });

    describe("tenants that share a worker", () => {
      it("each get an equal part of each claim, whatever the others have, in however many queues", async () => {
        const sizes = { "fair-a": 2_000, "fair-b": 40, "fair-c": 40 };
        for (const [tenant, n] of Object.entries(sizes)) {
          await store.createJobs(
            Array.from({ length: n }, (_, i) =>
              newJob({ tenantId: tenant, queue: `fair-${i % (tenant === "fair-a" ? 20 : 1)}` }),
            ),
          );
        }
        const queues = Array.from({ length: 20 }, (_, i) => `fair-${i}`);
        for (let round = 0; round < 4; round++) {
          const claimed = await store.claimJobs({ queues, limit: 29, leaseMs: 60_000, worker: "w" });
          expect(claimed).toHaveLength(29);
          for (const tenant of Object.keys(sizes)) {
            expect(claimed.filter(({ job }) => job.tenantId === tenant).length).toBeGreaterThanOrEqual(9);
          }
        }
      });

      it("leave nobody without a turn when a claim takes fewer jobs than there are queues", async () => {
        const queues = ["turn-a", "turn-b", "turn-c"];
        for (const queue of queues) await add(queue, 20);
        await add("turn-a", 20, { tenantId: "turns" });
        const seen = new Set<string>();
        for (let n = 0; n < 12; n++) {
          const [claimed] = await store.claimJobs({ queues, limit: 1, leaseMs: 60_000, worker: "w" });
          seen.add(`${claimed?.job.tenantId} ${claimed?.job.queue}`);
        }
        expect(seen).toEqual(new Set(["acme turn-a", "acme turn-b", "acme turn-c", "turns turn-a"]));
      });
    });
  });
}
