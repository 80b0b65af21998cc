import { describe, expect, test } from "vitest";

import { leasesOfFile } from "./leases.test.support.ts";

const { api, key, post, write, read, claim, leased } = await leasesOfFile();

describe("a completion", () => {
  test("that is repeated is answered as the first was, with another result it is lost", async () => {
    const { job, leaseToken } = await leased("repeat");
    const sent = [{ leaseToken, result: { a: 1, b: [null, "x"] } }];
    const first = await write("complete", sent);
    expect(first).toEqual([{ ok: true, job: { id: job.id, status: "completed" } }]);
    expect(await write("complete", sent)).toEqual(first);
    expect(await write("complete", [{ leaseToken, result: { b: [null, "x"], a: 1 } }])).toEqual(first);
    for (const result of [{ a: 2, b: [null, "x"] }, null, undefined]) {
      expect(await write("complete", [{ leaseToken, result }])).toMatchObject([
        { ok: false, problem: { code: "LEASE_LOST", jobStatus: "completed" } },
      ]);
    }
    await api.ask(`POST /v1/jobs/${job.id}/retry`, { key });
    expect(await write("complete", sent)).toMatchObject([{ ok: false, problem: { jobStatus: "pending" } }]);
  });

  test("without a result is the same as one of null", async () => {
    const { job, leaseToken } = await leased("no-result");
    const done = [{ ok: true, job: { id: job.id, status: "completed" } }];
    expect(await write("complete", [{ leaseToken }])).toEqual(done);
    expect(await write("complete", [{ leaseToken, result: null }])).toEqual(done);
  });

  test("whose result is too large, too deep or not storable is that item's problem, and can be sent again", async () => {
    const jobs = [await leased("large"), await leased("large"), await leased("large"), await leased("large")];
    const deep = JSON.parse(`${"[".repeat(65)}${"]".repeat(65)}`) as unknown;
    const results = ["é".repeat(128 * 1024), "ok", { a: ["\0"] }, deep];
    const outcomes = await write(
      "complete",
      jobs.map(({ leaseToken }, index) => ({ leaseToken, result: results[index] })),
    );
    const invalid = (path: string) => ({
      ok: false,
      problem: { code: "VALIDATION_FAILED", status: 422, errors: [{ path }] },
    });
    expect(outcomes).toMatchObject([
      invalid("result"),
      { ok: true },
      invalid("result.a.0"),
      invalid(`result.${"0.".repeat(63)}0`),
    ]);
    expect((await write("complete", [{ leaseToken: jobs[0]?.leaseToken, result: "small" }]))[0]?.ok).toBe(true);
  });
});

describe("a failure", () => {
  test("waits for its own delay, is dead when it can't be mended, and keeps what was said", async () => {
    const [later, dead] = [await leased("failing"), await leased("failing")];
    const outcomes = await write("fail", [
      { leaseToken: later.leaseToken, message: "", retryAfterMs: 3_600_000 },
      { leaseToken: dead.leaseToken, message: `${"m".repeat(3_000)}\0`, stack: "at x", retryable: false },
    ]);
    expect(outcomes).toMatchObject([{ job: { status: "pending" } }, { job: { status: "dead" } }]);
    expect(Date.parse(String((await read(later.job.id))["scheduledAt"])) - Date.now()).toBeGreaterThan(3_000_000);
    const job = await read(dead.job.id);
    expect(job["lastError"]).toBe("m".repeat(2_000));
    expect(job.errors).toMatchObject([{ attempt: 1, stack: "at x" }]);
  });

  test("takes a delay within the limits only", async () => {
    const { leaseToken } = await leased("failing-422");
    for (const retryAfterMs of [-1, 1.5, 1e15, "1"]) {
      expect((await post("fail", { items: [{ leaseToken, message: "m", retryAfterMs }] })).status).toBe(422);
    }
  });
});

describe("snooze and release", () => {
  test("give the attempt back", async () => {
    const [snoozed, released] = [await leased("refund"), await leased("refund")];
    await write("snooze", [{ leaseToken: snoozed.leaseToken, delayMs: 3_600_000 }]);
    await write("release", [{ leaseToken: released.leaseToken }]);
    const again = await claim("refund", { limit: 10 });
    expect(again.map(({ job }) => [job.id, job.attempts])).toEqual([[released.job.id, 1]]);
    expect((await read(snoozed.job.id))["attempts"]).toBe(0);
  });
});
