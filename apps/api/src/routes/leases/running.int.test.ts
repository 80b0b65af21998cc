import { describe, expect, test } from "vitest";

import { leasesOfFile } from "./leases.test.support.ts";

const { api, key, post, write, read, leased, stale } = await leasesOfFile();

describe("a heartbeat", () => {
  test("extends the lease to `leaseMs` from now", async () => {
    const { job, leaseToken, leaseExpiresAt } = await leased("beat");
    const reply = await post("heartbeat", { leaseMs: 600_000, items: [{ leaseToken }] });
    expect(reply.json.items).toEqual([{ ok: true, job: { id: job.id, status: "running" }, cancelRequested: false }]);
    const after = await read(job.id);
    expect(Date.parse(String(after["leaseExpiresAt"])) - Date.parse(leaseExpiresAt)).toBeGreaterThan(500_000);
  });

  test("tells the worker of a cancelled job, and of no other, that it should stop", async () => {
    const [cancelled, going] = [await leased("beat-cancel"), await leased("beat-cancel")];
    await api.ask(`POST /v1/jobs/${cancelled.job.id}/cancel`, { key });
    const beat = await write("heartbeat", [
      { leaseToken: cancelled.leaseToken },
      { leaseToken: going.leaseToken },
      { leaseToken: "none" },
    ]);
    expect(beat).toMatchObject([
      { ok: false, cancelRequested: true, problem: { code: "LEASE_LOST", jobStatus: "cancelled" } },
      { ok: true, cancelRequested: false },
      { ok: false, cancelRequested: false },
    ]);
    const [late] = await write("complete", [{ leaseToken: cancelled.leaseToken }]);
    expect(late).toMatchObject({ ok: false, problem: { jobStatus: "cancelled" } });
  });
});

describe("progress", () => {
  test("is replaced, by the last of several, and bounded for each item by itself", async () => {
    const { job, leaseToken } = await leased("progress");
    const outcomes = await write("progress", [
      { leaseToken, progress: 1 },
      { leaseToken, progress: "x".repeat(16 * 1024) },
      { leaseToken, progress: { done: 0.5 } },
    ]);
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, problem: { status: 422, errors: [{ path: "progress" }] } },
      { ok: true },
    ]);
    expect((await read(job.id))["progress"]).toEqual({ done: 0.5 });
  });

  test("takes log lines, alone or beside it, and nothing of an item that has neither", async () => {
    const { job, leaseToken } = await leased("logs");
    const { leaseToken: lost } = await stale("logs-lost");
    const outcomes = await write("progress", [
      { leaseToken, logs: [{ message: "one" }, { level: "warn", message: "two" }] },
      { leaseToken, progress: 2, logs: [{ level: "error", message: "three" }] },
      { leaseToken: lost, logs: [{ message: "late" }] },
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false]);
    const lines = await api.composition.store.logsAfter({ tenantId: "acme", id: job.id }, 0);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["info", "one"],
      ["warn", "two"],
      ["error", "three"],
    ]);
    expect((await post("progress", { items: [{ leaseToken }] })).status).toBe(422);
    expect((await post("progress", { items: [{ leaseToken, logs: [] }] })).status).toBe(422);
  });
});
