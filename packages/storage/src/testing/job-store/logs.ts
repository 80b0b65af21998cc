import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { JobRef, JobStore } from "../../jobs/job-store.ts";
import { claimOne, createAndClaim, type JobStoreFixture, type OpenJobStore } from "./fixture.ts";

/** Log lines, and what tells of changes. */
export function describeLogs(open: OpenJobStore): void {
  describe("logs and changes", () => {
    let fixture: JobStoreFixture;
    let store: JobStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const line = (message: string) => ({ level: "info" as const, message });
    const messages = async (ref: JobRef, seq = 0) => (await store.logsAfter(ref, seq)).map(({ message }) => message);

    it("keep lines in their order, of several items for a job too, whatever is in them", async () => {
      const { job, leaseToken } = await createAndClaim(store, { queue: "log" });
      const other = await createAndClaim(store, { queue: "log" });
      const outcomes = await store.appendLogs([
        { leaseToken, lines: [line("a"), line('{"b":\0 \uD800')] },
        { leaseToken: other.leaseToken, lines: [line("other")] },
        { leaseToken, lines: [line("c"), line("x".repeat(3_000))] },
      ]);
      expect(outcomes).toEqual(outcomes.map(() => ({ ok: true, status: "running" })));
      expect(await messages(job)).toEqual(["a", '{"b":\uFFFD \uFFFD', "c", "x".repeat(2_000)]);
      const [first] = await store.logsAfter(job, 0);
      expect(first).toMatchObject({ attempt: 1, level: "info" });
      expect(await messages(job, first?.seq)).toHaveLength(3);
      expect(await messages({ tenantId: "other", id: job.id })).toEqual([]);
    });

    it("refuse lines of a lease that is lost, and drop what is over a job's bound", async () => {
      const { job, leaseToken } = await createAndClaim(store, { queue: "log-full" });
      await store.appendLogs([{ leaseToken, lines: Array.from({ length: 998 }, (_, n) => line(String(n))) }]);
      await store.appendLogs([{ leaseToken, lines: [line("998"), line("999"), line("1000")] }]);
      await store.appendLogs([{ leaseToken, lines: [line("1001")] }]);
      const first = await store.logsAfter(job, 0);
      const second = await store.logsAfter(job, first.at(-1)?.seq ?? 0);
      expect([...first, ...second].at(-1)?.message).toBe("999");
      await store.releaseJobs([{ leaseToken }]);
      const next = await claimOne(store, { queue: "log-full" });
      const [lost, held] = await store.appendLogs([
        { leaseToken, lines: [line("stale")] },
        { leaseToken: next.leaseToken, lines: [] },
      ]);
      expect([lost, held]).toEqual([
        { ok: false, reason: "lost", status: "running" },
        { ok: true, status: "running" },
      ]);
    });

    it("let whoever reads on behind a number miss no line that is written meanwhile", async () => {
      const { job, leaseToken } = await createAndClaim(store, { queue: "log-race" });
      const writes = Array.from({ length: 40 }, (_, n) => store.appendLogs([{ leaseToken, lines: [line(String(n))] }]));
      let isOver = false;
      const written = Promise.all(writes).finally(() => (isOver = true));
      const read: string[] = [];
      for (let seq = 0, wasOver = false; !wasOver;) {
        wasOver = isOver;
        for (const one of await store.logsAfter(job, seq)) {
          read.push(one.message);
          ({ seq } = one);
        }
      }
      await written;
      expect(read.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 40 }, (_, n) => String(n)));
    });

    it("tell every change of an unfinished job by its version, and its end by there being none", async () => {
      const claimed = await createAndClaim(store, { queue: "versions" });
      const { leaseToken } = claimed;
      const { id } = claimed.job;
      const seen = new Set<string | undefined>();
      const look = async (logs: boolean) => seen.add((await store.jobVersions([{ id, logs }])).get(id)).size;
      await look(true);
      await store.progressJobs([{ leaseToken, progress: "1" }]);
      expect(await look(true)).toBe(2);
      await store.appendLogs([{ leaseToken, lines: [line("x")] }]);
      expect(await look(true)).toBe(3);
      expect(await look(true)).toBe(3);
      await store.failJobs([{ leaseToken, message: "no", retryable: true, retryAfterMs: 60_000 }]);
      expect(await look(true)).toBe(4);
      await store.updateJob(claimed.job, { priority: 1 });
      expect(await look(true)).toBe(5);
      await store.cancelJob(claimed.job);
      await look(true);
      expect(seen.has(undefined)).toBe(true);
    });
  });
}
