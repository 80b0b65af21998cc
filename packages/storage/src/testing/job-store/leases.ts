import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ClaimedJob, JobStore, LeaseOutcome } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, newJob, until, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** Leases run for so long unless a test is about their end: rescues meet none of an earlier test. */
const hourMs = 3_600_000;

/** Every write that only the owner may do. */
const ownersWrites: Record<string, (store: JobStore, leaseToken: string) => Promise<readonly LeaseOutcome[]>> = {
  complete: (store, leaseToken) => store.completeJobs([{ leaseToken, result: null }]),
  fail: (store, leaseToken) => store.failJobs([{ leaseToken, message: "late", retryable: true }]),
  kill: (store, leaseToken) => store.failJobs([{ leaseToken, message: "late", retryable: false }]),
  snooze: (store, leaseToken) => store.snoozeJobs([{ leaseToken, delayMs: 1 }]),
  release: (store, leaseToken) => store.releaseJobs([{ leaseToken }]),
  progress: (store, leaseToken) => store.progressJobs([{ leaseToken, progress: '"late"' }]),
};

/** Claims, fences, heartbeats, rescue. */
export function describeLeases(open: OpenJobStore): void {
  describe("leases and fencing", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const read = (claimed: ClaimedJob) => store.getJob({ tenantId: claimed.job.tenantId, id: claimed.job.id });
    const rescued = () => until(async () => ((r) => r.retried + r.dead > 0 && r)(await store.rescueExpired(100)));

    it("claims by priority, then by due time, and stamps the claim", async () => {
      const queue = "order";
      for (const priority of [0, 5, -5, 5]) await store.createJob(newJob({ queue, priority }));
      const claimed = await store.claimJobs({ queues: [queue], limit: 10, leaseMs: hourMs, worker: "w-7" });
      expect(claimed.map(({ job }) => job.priority)).toEqual([5, 5, 0, -5]);
      for (const { job } of claimed) {
        expect(job).toMatchObject({ status: "running", attempts: 1, fence: 1, lockedBy: "w-7" });
        expect((job.leaseExpiresAt?.getTime() ?? 0) - (job.lockedAt?.getTime() ?? 0)).toBe(hourMs);
      }
      const ids = claimed.filter(({ job }) => job.priority === 5).map(({ job }) => job.id);
      expect(ids).toEqual(ids.toSorted());
      expect(new Set(claimed.map(({ leaseToken }) => leaseToken)).size).toBe(4);
    });

    it("claims only the queues, types and tenant asked for, and never more than the limit", async () => {
      await store.createJobs([
        newJob({ queue: "c1", type: "a" }),
        newJob({ queue: "c1", type: "b" }),
        newJob({ queue: "c2", type: "a", tenantId: "other" }),
        newJob({ queue: "c3", type: "a" }),
      ]);
      const claim = (request: object) => store.claimJobs({ limit: 10, leaseMs: hourMs, worker: "w", ...request });
      expect(await claim({ queues: ["c1"], types: ["z"] })).toEqual([]);
      expect(await claim({ queues: ["c2"], tenantId: "acme" })).toEqual([]);
      expect(await claim({ queues: ["c1", "c2"], types: ["a"], limit: 1 })).toHaveLength(1);
      expect(await claim({ queues: ["c1", "c2"], types: ["a"] })).toHaveLength(1);
      expect(await claim({ queues: ["c1", "c3"] })).toHaveLength(2);
      expect(await claim({ queues: [] })).toEqual([]);
      expect(await claim({ limit: 0 })).toEqual([]);
    });

    it("gives tenants of one queue equal turns", async () => {
      const queue = "fair";
      await store.createJobs(Array.from({ length: 300 }, () => newJob({ queue, tenantId: "a-flood" })));
      await store.createJobs(Array.from({ length: 5 }, () => newJob({ queue, tenantId: "b-small" })));
      const claimed = await store.claimJobs({ queues: [queue], limit: 10, leaseMs: hourMs, worker: "w" });
      expect(claimed.filter(({ job }) => job.tenantId === "b-small")).toHaveLength(5);
    });

    it("gives tenants their turns also when one job is claimed at a time", async () => {
      const queue = "one-by-one";
      for (const tenantId of ["one-a", "one-b", "one-c"]) {
        await store.createJobs(Array.from({ length: 20 }, () => newJob({ queue, tenantId })));
      }
      const turns: Record<string, number> = {};
      for (let turn = 0; turn < 30; turn++) {
        const { tenantId } = (await claimOne(store, { queue })).job;
        turns[tenantId] = (turns[tenantId] ?? 0) + 1;
      }
      expect(Math.min(...["one-a", "one-b", "one-c"].map((tenant) => turns[tenant] ?? 0))).toBeGreaterThanOrEqual(9);
    });

    it("reaches every one of more tenants than one claim looks at", async () => {
      const queue = "many";
      await store.createJobs(Array.from({ length: 150 }, (_, n) => newJob({ queue, tenantId: `many-${n}` })));
      const seen = new Set<string>();
      while (seen.size < 150) {
        const claimed = await store.claimJobs({ queues: [queue], limit: 40, leaseMs: hourMs, worker: "w" });
        expect(claimed.length).toBeGreaterThan(0);
        for (const { job } of claimed) seen.add(job.tenantId);
      }
    });

    it("gives each job to one of many racing claimers", async () => {
      const queue = "race";
      await store.createJobs(Array.from({ length: 200 }, () => newJob({ queue })));
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          store.claimJobs({ queues: [queue], limit: 15, leaseMs: hourMs, worker: `w-${n}` }),
        ),
      );
      const rest = await store.claimJobs({ queues: [queue], limit: 200, leaseMs: hourMs, worker: "rest" });
      const ids = [...claims.flat(), ...rest].map(({ job }) => job.id);
      expect(ids).toHaveLength(200);
      expect(new Set(ids).size).toBe(200);
    });

    it("completes with its result, once; the same completion again is answered alike, one with another result is lost", async () => {
      const claimed = await createAndClaim(store);
      const { leaseToken } = claimed;
      const item = { leaseToken, result: '{"sum":3,"of":[1,2]}' };
      const done = { ok: true, status: "completed" };
      const lost = { ok: false, reason: "lost", status: "completed" };
      const others = ['{"sum":4,"of":[1,2]}', "null", null].map((result) => ({ leaseToken, result }));
      expect(await store.completeJobs([item, ...others, item])).toEqual([done, ...others.map(() => lost), done]);
      const respelt = { leaseToken, result: '{"of": [1, 2.0], "sum": 3}' };
      expect(await store.completeJobs([...others, item, respelt])).toEqual([...others.map(() => lost), done, done]);
      const job = await read(claimed);
      expect(job).toMatchObject({ status: "completed", result: { sum: 3, of: [1, 2] }, attempts: 1, lastError: null });
      expect(job.completedAt?.getTime()).toBeGreaterThanOrEqual(job.startedAt?.getTime() ?? 0);
    });

    it("answers no repeated completion once the job was asked to run again", async () => {
      const first = await createAndClaim(store, { queue: "again" });
      const item = { leaseToken: first.leaseToken, result: null };
      await store.completeJobs([item]);
      await store.retryJob(first.job);
      expect(await store.completeJobs([item])).toEqual([{ ok: false, reason: "lost", status: "pending" }]);
      const second = await claimOne(store, { queue: "again" });
      expect(await store.completeJobs([item])).toEqual([{ ok: false, reason: "lost", status: "running" }]);
      await store.completeJobs([{ leaseToken: second.leaseToken, result: null }]);
      expect(await store.completeJobs([item])).toEqual([{ ok: false, reason: "lost", status: "completed" }]);
    });

    it.each(Object.keys(ownersWrites))("refuses a %s by a stale owner and changes nothing", async (name) => {
      const write = ownersWrites[name];
      const stale = await createAndClaim(store, { queue: `stale-${name}`, retry: { kind: "fixed", delayMs: 0 } }, 1);
      await rescued();
      await until(async () => (await read(stale)).status === "pending");
      await store.promoteDue(100);
      const fresh = await claimOne(store, { queue: `stale-${name}` });
      const before = await read(fresh);
      expect(fresh.job).toMatchObject({ id: stale.job.id, fence: 2, attempts: 2 });
      expect(await write?.(store, stale.leaseToken)).toEqual([{ ok: false, reason: "lost", status: "running" }]);
      expect(await store.heartbeat([stale.leaseToken], hourMs)).toEqual([
        { ok: false, status: "running", cancelRequested: false },
      ]);
      expect(await read(fresh)).toEqual(before);
      expect(await write?.(store, fresh.leaseToken)).toMatchObject([{ ok: true }]);
    });

    it("lets one odd token spoil nothing for the others", async () => {
      const claimed = await createAndClaim(store, { queue: "odd-token" });
      const bytes = Buffer.from(claimed.leaseToken, "base64url");
      const odd = Buffer.concat([bytes.subarray(0, 36), Buffer.from("a\0b")]).toString("base64url");
      const outcomes = await store.completeJobs(
        [odd, claimed.leaseToken].map((leaseToken) => ({ leaseToken, result: null })),
      );
      expect(outcomes).toEqual([
        { ok: false, reason: "lost", status: null },
        { ok: true, status: "completed" },
      ]);
    });

    it("is nobody's but its tenant's: a token that names another one matches nothing", async () => {
      const claimed = await createAndClaim(store, { queue: "other-tenant" });
      const forged = `${claimed.leaseToken.slice(0, -claimed.job.tenantId.length)}somebody`;
      const lost = [{ ok: false, reason: "lost", status: null }];
      expect(await store.heartbeat([forged], hourMs)).toMatchObject([{ ok: false }]);
      expect(await store.progressJobs([{ leaseToken: forged, progress: "1" }])).toEqual(lost);
      expect(await store.appendLogs([{ leaseToken: forged, lines: [{ level: "info", message: "m" }] }])).toEqual(lost);
      expect(await store.releaseJobs([{ leaseToken: forged }])).toEqual(lost);
      expect(await store.failJobs([{ leaseToken: forged, message: "m", retryable: false }])).toEqual(lost);
      expect(await store.completeJobs([{ leaseToken: forged, result: null }])).toEqual(lost);
      const { outcomes } = await store.completeAndClaim([{ leaseToken: forged, result: null }], {
        queues: ["nothing-here"],
        limit: 1,
        leaseMs: 1_000,
        worker: "w",
      });
      expect(outcomes).toEqual(lost);
      expect(await store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }])).toEqual([
        { ok: true, status: "completed" },
      ]);
      expect(await store.completeJobs([{ leaseToken: forged, result: null }])).toEqual(lost);
    });

    it("answers lost for text that is no lease token, and for each item by itself", async () => {
      const claimed = await createAndClaim(store);
      const forged =
        claimed.leaseToken.slice(0, 30) + (claimed.leaseToken[30] === "A" ? "B" : "A") + claimed.leaseToken.slice(31);
      const tokens = ["", "nonsense", forged, claimed.leaseToken, claimed.leaseToken];
      const outcomes = await store.completeJobs(tokens.map((leaseToken) => ({ leaseToken, result: null })));
      expect(outcomes.map(({ ok }) => ok)).toEqual([false, false, false, true, true]);
    });

    it("retries a failure after its delay and remembers message, stack and attempt", async () => {
      const claimed = await createAndClaim(store, { queue: "retry", retry: { kind: "fixed", delayMs: 3_600_000 } });
      const failed = { leaseToken: claimed.leaseToken, message: "boom \0 \ud800", stack: "at x", retryable: true };
      expect(await store.failJobs([failed])).toEqual([{ ok: true, status: "pending" }]);
      const job = await read(claimed);
      expect(job).toMatchObject({ status: "pending", attempts: 1, lockedBy: null, leaseExpiresAt: null });
      expect(job.lastError).toMatch(/^boom/);
      expect(job.errors).toMatchObject([{ attempt: 1, stack: "at x" }]);
      expect(job.scheduledAt.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    });

    it.each([
      [{ kind: "linear", baseMs: 1_000, capMs: 1_500 }, 1, 1_000, 1_000],
      [{ kind: "linear", baseMs: 1_000, capMs: 1_500 }, 2, 1_500, 1_500],
      [{ kind: "delays", delaysMs: [700, 900] }, 1, 700, 700],
      [{ kind: "delays", delaysMs: [700, 900] }, 3, 900, 900],
      [{ kind: "exponential", baseMs: 1_000, factor: 2, capMs: 3_000 }, 2, 0, 2_000],
      [undefined, 1, 0, 1_000],
    ] as const)("waits by the policy %o after attempt %i", async (retry, attempt, minMs, maxMs) => {
      const queue = `policy-${JSON.stringify(retry)}-${attempt}`;
      let claimed = await createAndClaim(store, { queue, retry: retry as never });
      for (let n = 1; n < attempt; n++) {
        await store.failJobs([{ leaseToken: claimed.leaseToken, message: "x", retryable: true, retryAfterMs: 0 }]);
        claimed = await claimOne(store, { queue });
      }
      await store.failJobs([{ leaseToken: claimed.leaseToken, message: "x", retryable: true }]);
      const job = await read(claimed);
      const waitMs = job.scheduledAt.getTime() - job.updatedAt.getTime();
      expect(waitMs).toBeGreaterThanOrEqual(minMs - 1);
      expect(waitMs).toBeLessThanOrEqual(maxMs + 1);
    });

    it("kills a job that has no attempt left or must not be retried", async () => {
      const last = await createAndClaim(store, { queue: "last", maxAttempts: 1 });
      const fatal = await createAndClaim(store, { queue: "fatal" });
      const outcomes = await store.failJobs([
        { leaseToken: last.leaseToken, message: "last", retryable: true },
        { leaseToken: fatal.leaseToken, message: "fatal", retryable: false },
      ]);
      expect(outcomes).toEqual([
        { ok: true, status: "dead" },
        { ok: true, status: "dead" },
      ]);
      expect(await read(last)).toMatchObject({ status: "dead", lastError: "last", errors: [{ attempt: 1 }] });
      expect((await read(fatal)).completedAt).toBeInstanceOf(Date);
    });

    it("keeps only the last errors of a job", async () => {
      const queue = "errors";
      await store.createJob(newJob({ queue }));
      for (let n = 1; n <= 12; n++) {
        const { leaseToken } = await claimOne(store, { queue });
        await store.failJobs([{ leaseToken, message: `e${n}`, retryable: true, retryAfterMs: 0 }]);
      }
      const { job } = await claimOne(store, { queue });
      expect(job.errors.map(({ message }) => message)).toEqual(Array.from({ length: 10 }, (_, n) => `e${n + 3}`));
    });

    it("gives the attempt back on snooze and on release, and never reuses a fence", async () => {
      const queue = "refund";
      const first = await createAndClaim(store, { queue, maxAttempts: 1 });
      expect(await store.releaseJobs([{ leaseToken: first.leaseToken }])).toEqual([{ ok: true, status: "pending" }]);
      const second = await claimOne(store, { queue });
      expect(second.job).toMatchObject({ attempts: 1, fence: 2 });
      await store.snoozeJobs([{ leaseToken: second.leaseToken, delayMs: 3_600_000 }]);
      expect(await read(second)).toMatchObject({ status: "pending", attempts: 0, fence: 2 });
      expect(await store.claimJobs({ queues: [queue], limit: 1, leaseMs: 1_000, worker: "w" })).toEqual([]);
    });

    it("records progress of the owner", async () => {
      const claimed = await createAndClaim(store, { queue: "progress" });
      const outcome = await store.progressJobs([{ leaseToken: claimed.leaseToken, progress: '{"done":0.5}' }]);
      expect(outcome).toEqual([{ ok: true, status: "running" }]);
      expect(await read(claimed)).toMatchObject({ progress: { done: 0.5 }, status: "running" });
    });

    it("keeps a lease alive by heartbeats, of a whole claim and of one job of it", async () => {
      const queue = "beats";
      await store.createJobs([newJob({ queue }), newJob({ queue }), newJob({ queue })]);
      const [kept, also, dropped] = await store.claimJobs({ queues: [queue], limit: 3, leaseMs: 400, worker: "w" });
      if (kept === undefined || also === undefined || dropped === undefined) throw new Error("three jobs expected");
      const all = [kept, also, dropped].map(({ leaseToken }) => leaseToken);
      expect((await store.heartbeat(all, 500)).every(({ ok }) => ok)).toBe(true);
      expect(await store.heartbeat([kept.leaseToken], hourMs)).toEqual([
        { ok: true, status: "running", cancelRequested: false },
      ]);
      await until(async () => (await read(dropped)).status === "pending" || (await store.rescueExpired(100), false));
      expect((await read(also)).status).toBe("pending");
      expect((await read(kept)).status).toBe("running");
      expect((await read(kept)).leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 30_000);
      await store.rescueExpired(100);
      expect(await store.completeJobs([{ leaseToken: kept.leaseToken, result: null }])).toMatchObject([{ ok: true }]);
      expect(await store.heartbeat(all, 500)).toEqual([
        { ok: false, status: "completed", cancelRequested: false },
        { ok: false, status: "pending", cancelRequested: false },
        { ok: false, status: "pending", cancelRequested: false },
      ]);
    });

    it("keeps no other job of a claim alive, however often a beat names one token", async () => {
      const queue = "beats-twice";
      await store.createJobs([newJob({ queue }), newJob({ queue })]);
      const [beaten, other] = await store.claimJobs({ queues: [queue], limit: 2, leaseMs: hourMs, worker: "w" });
      if (beaten === undefined || other === undefined) throw new Error("two jobs expected");
      await store.heartbeat([beaten.leaseToken, beaten.leaseToken], 9 * hourMs);
      expect((await read(beaten)).leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 5 * hourMs);
      expect((await read(other)).leaseExpiresAt?.getTime()).toBeLessThan(Date.now() + 5 * hourMs);
    });

    it("rescues an expired lease by the rules of a failure, naming the worker, once among racing rescuers", async () => {
      const again = await createAndClaim(store, { queue: "rescue-a" }, 1);
      const dead = await createAndClaim(store, { queue: "rescue-b", maxAttempts: 1 }, 1);
      const counts = { retried: 0, dead: 0 };
      await until(async () => {
        for (const result of await Promise.all(Array.from({ length: 5 }, () => store.rescueExpired(100)))) {
          counts.retried += result.retried;
          counts.dead += result.dead;
        }
        return counts.retried + counts.dead >= 2;
      });
      expect(counts).toEqual({ retried: 1, dead: 1 });
      expect(await read(again)).toMatchObject({
        status: "pending",
        attempts: 1,
        lastError: "lease expired (worker worker-1)",
      });
      expect(await read(dead)).toMatchObject({ status: "dead", lastError: "lease expired (worker worker-1)" });
      expect(await store.rescueExpired(100)).toEqual({ retried: 0, dead: 0, postponed: 0 });
    });

    it("works off a crash of many workers in bounded steps until nothing is left", async () => {
      const queue = "crash";
      await store.createJobs(Array.from({ length: 6_000 }, () => newJob({ queue })));
      for (let claimed = 0; claimed < 6_000;) {
        claimed += (await store.claimJobs({ queues: [queue], limit: 1_000, leaseMs: 1, worker: "gone" })).length;
      }
      let total = 0;
      await until(async () => {
        const { retried } = await store.rescueExpired(100);
        expect(retried).toBeLessThanOrEqual(3_000);
        total += retried;
        return total >= 6_000;
      }, 60_000);
      expect((await store.queueStats({ tenantId: "acme", queue }))[0]).toMatchObject({ running: 0, pending: 6_000 });
    }, 120_000);

    it("lets beats for some jobs of a claim and completions of others pass one another", async () => {
      const queue = "beat-race";
      await store.createJobs(Array.from({ length: 100 }, () => newJob({ queue })));
      const claimed = await store.claimJobs({ queues: [queue], limit: 100, leaseMs: hourMs, worker: "w" });
      const tokens = claimed.map(({ leaseToken }) => leaseToken);
      let completed = 0;
      const complete = async (share: readonly string[]) => {
        for (const leaseToken of share) {
          const [outcome] = await store.completeJobs([{ leaseToken, result: null }]);
          expect(outcome?.ok).toBe(true);
          completed++;
        }
      };
      const beat = async (share: readonly string[]) => {
        while (completed < tokens.length) await store.heartbeat(share, hourMs);
      };
      const shares = [0, 1, 2, 3].map((n) => tokens.filter((_, index) => index % 4 === n));
      await Promise.all([...shares.map(complete), ...shares.map((share) => beat(share.toReversed()))]);
      expect(await store.heartbeat(tokens, hourMs)).toEqual(
        tokens.map(() => ({ ok: false, status: "completed", cancelRequested: false })),
      );
    });

    it("does not rescue a job whose lease still runs", async () => {
      const claimed = await createAndClaim(store, { queue: "alive" });
      await store.rescueExpired(1_000);
      expect((await read(claimed)).status).toBe("running");
    });

    it("promotes a scheduled job when it is due, and says when the next one is", async () => {
      const queue = "due";
      await store.createJob(newJob({ queue, delayMs: 50 }));
      await store.createJob(newJob({ queue, delayMs: 3_600_000 }));
      const claim = () => store.claimJobs({ queues: [queue], limit: 10, leaseMs: hourMs, worker: "w" });
      expect(await claim()).toEqual([]);
      await until(async () => (await store.promoteDue(100), (await claim()).length === 1));
      const { nextDueInMs } = await store.promoteDue(100);
      expect(nextDueInMs).toBeGreaterThan(0);
      expect(await claim()).toEqual([]);
    });
  });
}
