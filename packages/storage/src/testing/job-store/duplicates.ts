import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobStore, NewJob } from "../../jobs/job-store.ts";
import { claimOne, newJob, until, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** What a repeated key means by each policy, also when many repeat it at once. */
export function describeDuplicates(open: OpenJobStore): void {
  describe("a taken idempotency key", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const keyed = (key: string, changes: Partial<NewJob> = {}) =>
      newJob({ queue: key, idempotencyKey: key, requestHash: changes.payload ?? "same", ...changes });
    const finish = async (queue: string) => {
      const { leaseToken, job } = await claimOne(store, { queue });
      await store.completeJobs([{ leaseToken, result: null }]);
      return job;
    };
    const pendingIn = async (queue: string) => {
      const { jobs } = await store.listJobs({ tenantId: "acme", queue, status: "pending", limit: 100 });
      return jobs;
    };
    const atOnce = <T>(times: number, run: (n: number) => Promise<T>) =>
      Promise.allSettled(Array.from({ length: times }, (_, n) => run(n)));

    it("is refused where repeats are rejected, whatever the request, and says which job has it", async () => {
      const { job } = await store.createJob(keyed("reject"));
      const again = keyed("reject", { onDuplicate: "reject" });
      await expect(store.createJob(again)).rejects.toMatchObject({
        code: "DUPLICATE_JOB",
        extensions: { jobId: job.id, jobStatus: "pending" },
      });
      await finish("reject");
      await expect(store.createJob(again)).rejects.toMatchObject({ extensions: { jobStatus: "completed" } });
      await expect(store.createJobs([newJob({ queue: "rejected" }), again])).rejects.toMatchObject({
        code: "DUPLICATE_JOB",
        errors: [{ path: "jobs.1.idempotencyKey" }],
      });
      expect(await pendingIn("rejected")).toEqual([]);
    });

    it("lets one of many through where repeats are rejected", async () => {
      const outcomes = await atOnce(8, () => store.createJob(keyed("one-in", { onDuplicate: "reject" })));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await pendingIn("one-in")).toHaveLength(1);
    });

    it("has its pending job replaced in everything, under the same id", async () => {
      const { job } = await store.createJob(keyed("replace", { priority: 1, tags: ["old"], delayMs: 60_000 }));
      const next = keyed("replace", {
        onDuplicate: "replace",
        queue: "replace-2",
        type: "other",
        payload: '{"v":2}',
        priority: 5,
        maxAttempts: 3,
        timeoutMs: 9,
        retry: { kind: "fixed", delayMs: 1 },
        tags: ["new", 'q"uo\\te'],
      });
      const again = await store.createJob(next);
      expect(again).toMatchObject({ duplicate: true, replaced: true });
      const expected = {
        id: job.id,
        createdAt: job.createdAt,
        idempotencyKey: "replace",
        queue: "replace-2",
        type: "other",
        payload: { v: 2 },
        priority: 5,
        maxAttempts: 3,
        timeoutMs: 9,
        retry: { kind: "fixed", delayMs: 1 },
        tags: ["new", 'q"uo\\te'],
      };
      expect(again.job).toMatchObject(expected);
      const claimed = await claimOne(store, { queue: "replace-2" });
      expect(claimed.job).toMatchObject(expected);
      await expect(store.createJob(next)).rejects.toMatchObject({
        code: "DUPLICATE_JOB",
        extensions: { jobId: job.id, jobStatus: "running" },
      });
      await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]);
      await expect(store.createJob(next)).rejects.toMatchObject({ extensions: { jobStatus: "completed" } });
      // The key now stands for the request that took the place.
      await expect(store.createJob(keyed("replace"))).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
      expect(await store.createJob({ ...next, onDuplicate: "existing" })).toMatchObject({ duplicate: true });
    });

    it("gives a replaced job that has failed before as many further attempts as it asks for", async () => {
      await store.createJob(keyed("replace-retried", { maxAttempts: 2 }));
      const { leaseToken } = await claimOne(store, { queue: "replace-retried" });
      await store.failJobs([{ leaseToken, message: "no", retryable: true, retryAfterMs: 60_000 }]);
      const next = keyed("replace-retried", { onDuplicate: "replace", payload: "2", maxAttempts: 4 });
      expect((await store.createJob(next)).job).toMatchObject({ attempts: 1, maxAttempts: 5, payload: 2 });
      expect((await claimOne(store, { queue: "replace-retried" })).job.attempts).toBe(2);
    });

    it("is one job however many replace it at once, and ends as one of them asked", async () => {
      const outcomes = await atOnce(8, (n) =>
        store.createJob(keyed("replaced-by-8", { onDuplicate: "replace", payload: `${n}` })),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "fulfilled"));
      const jobs = await pendingIn("replaced-by-8");
      expect(jobs).toHaveLength(1);
      expect(jobs[0]?.payload).toBeOneOf([0, 1, 2, 3, 4, 5, 6, 7]);
      expect((await claimOne(store, { queue: "replaced-by-8" })).job.payload).toBe(jobs[0]?.payload);
    });

    it("loses no request while its job is claimed: each is what runs, is replaced, or is told", async () => {
      for (let round = 0; round < 20; round++) {
        const key = `claimed-${round}`;
        const replace = (n: number) => store.createJob(keyed(key, { onDuplicate: "replace", payload: `${n}` }));
        await replace(-1);
        const [outcomes, [claimed]] = await Promise.all([
          atOnce(4, replace),
          store.claimJobs({ queues: [key], limit: 5, leaseMs: 60_000, worker: "w" }),
        ]);
        const refused = outcomes.filter(({ status }) => status === "rejected");
        for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: "DUPLICATE_JOB" } });
        const present = claimed?.job ?? (await claimOne(store, { queue: key })).job;
        const wonAt = present.payload === -1 ? 4 : 3;
        if (claimed !== undefined) expect(refused.length).toBeLessThanOrEqual(wonAt);
        else expect(refused).toEqual([]);
        expect(await pendingIn(key)).toEqual([]);
      }
    });

    it("keeps the last request while one runs: as one new job, replaced by later ones", async () => {
      const last = (n: number) => store.createJob(keyed("last", { onDuplicate: "keepLast", payload: `${n}` }));
      const first = await last(0);
      expect(await last(1)).toMatchObject({ duplicate: true, replaced: true, job: { id: first.job.id } });
      const running = await claimOne(store, { queue: "last" });
      expect(running.job.payload).toBe(1);
      const second = await last(2);
      expect(second).toMatchObject({ duplicate: false });
      expect(second.job.id).not.toBe(first.job.id);
      expect(await last(3)).toMatchObject({ duplicate: true, replaced: true, job: { id: second.job.id, payload: 3 } });
      await store.completeJobs([{ leaseToken: running.leaseToken, result: null }]);
      expect((await finish("last")).payload).toBe(3);
      expect((await store.getJobByIdempotencyKey("acme", "last")).id).toBe(second.job.id);
    });

    it("makes one new job of many that keep the last while one runs", async () => {
      const last = (n: number) => store.createJob(keyed("last-of-8", { onDuplicate: "keepLast", payload: `${n}` }));
      await last(-1);
      await claimOne(store, { queue: "last-of-8" });
      const outcomes = await atOnce(8, last);
      expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "fulfilled"));
      expect(await pendingIn("last-of-8")).toHaveLength(1);
      const fresh = outcomes.filter((outcome) => outcome.status === "fulfilled" && !outcome.value.duplicate);
      expect(fresh).toHaveLength(1);
    });

    it("can't be replaced by the call that takes it", async () => {
      const twice = [1, 2].map((n) => keyed("twice", { onDuplicate: "replace", payload: `${n}` }));
      await expect(store.createJobs(twice)).rejects.toMatchObject({
        code: "VALIDATION_FAILED",
        errors: [{ path: "jobs.1.idempotencyKey" }],
      });
      expect(await pendingIn("twice")).toEqual([]);
    });

    it("is free again after its window, for one of many who want it", async () => {
      const windowed = (key: string) => keyed(key, { keyWindowMs: 1, maxAttempts: 1 });
      for (const onDuplicate of ["existing", "reject", "replace", "keepLast"] as const) {
        const key = `window-${onDuplicate}`;
        const { job } = await store.createJob(windowed(key));
        await until(() =>
          store.getJobByIdempotencyKey("acme", key).then(
            () => false,
            () => true,
          ),
        );
        // Another request: within the window it would be refused or answered with the first one's job.
        const outcomes = await atOnce(8, () => store.createJob(keyed(key, { onDuplicate, payload: "2" })));
        const created = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        expect(created.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
        expect(await pendingIn(key)).toHaveLength(2);
        expect((await store.getJobByIdempotencyKey("acme", key)).id).not.toBe(job.id);
      }
    });

    it("holds within its window, which a repeat doesn't extend and a replacement begins anew", async () => {
      await store.createJob(keyed("within", { keyWindowMs: 60_000 }));
      expect(await store.createJob(keyed("within", { keyWindowMs: 1 }))).toMatchObject({ duplicate: true });
      expect(await store.createJob(keyed("within"))).toMatchObject({ duplicate: true });
      await store.createJob(keyed("within", { onDuplicate: "replace", keyWindowMs: 1 }));
      await until(
        async () => (await store.createJob(keyed("within", { payload: "2" })).catch(() => undefined)) && true,
      );
      expect(await pendingIn("within")).toHaveLength(2);
    });

    it("is swept away after its window, in bounded batches, and no other is", async () => {
      await store.createJobs(
        Array.from({ length: 5 }, (_, n) => newJob({ idempotencyKey: `swept-${n}`, requestHash: "1", keyWindowMs: 1 })),
      );
      await store.createJob(keyed("kept", { keyWindowMs: 60_000 }));
      await store.createJob(keyed("kept-too"));
      await until(
        async () => (await store.getJobByIdempotencyKey("acme", "swept-4").catch(() => undefined)) === undefined,
      );
      expect(await store.sweepKeys(3)).toBe(3);
      while ((await store.sweepKeys(3)) > 0);
      expect(await store.createJob(keyed("kept"))).toMatchObject({ duplicate: true });
      expect(await store.createJob(keyed("kept-too"))).toMatchObject({ duplicate: true });
    });
  });
}
