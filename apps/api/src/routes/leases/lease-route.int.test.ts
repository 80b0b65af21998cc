import { describe, expect, test } from "vitest";

import { items, statusAfter, verbs, leasesOfFile } from "./leases.test.support.ts";

const { api, post, write, read, statusOf, enqueue, claim, leased, stale } = await leasesOfFile();
const other = await api.makeKey({ tenantId: "other" });

describe.each(verbs)("POST /v1/leases/%s", (verb) => {
  const item = items[verb];

  test("200: an outcome an item, in their order, whatever becomes of the others", async () => {
    const held = await leased(`${verb}-held`);
    const late = await stale(`${verb}-late`);
    const tokens = ["nonsense", held.leaseToken, late.leaseToken];
    const reply = await post(verb, { items: tokens.map((leaseToken) => ({ leaseToken, ...item })) });
    expect(reply.status).toBe(200);
    expect(Date.parse(String(reply.json["serverTime"]))).toBeGreaterThan(0);
    const lost = (jobStatus: string | null) => ({ ok: false, problem: { code: "LEASE_LOST", status: 409, jobStatus } });
    expect(reply.json.items).toMatchObject([
      lost(null),
      { ok: true, job: { id: held.job.id, status: statusAfter[verb] } },
      lost("running"),
    ]);
    expect(await statusOf(held.job.id)).toBe(statusAfter[verb]);
    expect(await statusOf(late.job.id)).toBe("running");
  });

  test("200: another tenant's token names no job, and leaves it as it was", async () => {
    const { job, leaseToken } = await leased(`${verb}-theirs`);
    const before = await read(job.id);
    const [outcome] = await write(verb, [{ leaseToken, ...item }], other.key);
    expect(outcome).toMatchObject({ ok: false, problem: { code: "LEASE_LOST", jobStatus: null } });
    expect(await read(job.id)).toEqual(before);
  });

  test("200: of two that write under one lease at once, the job knows one", async () => {
    const { job, leaseToken } = await leased(`${verb}-race`);
    const replies = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        write(verb, [{ leaseToken, ...item, ...(verb === "complete" ? { result: n } : {}) }]),
      ),
    );
    const won = replies.flat().filter(({ ok }) => ok).length;
    expect(won).toBe(statusAfter[verb] === "running" ? 5 : 1);
    expect(await statusOf(job.id)).toBe(statusAfter[verb]);
  });

  test("401: no key", async () => {
    const body = { items: [{ leaseToken: "none", ...item }] };
    expect((await api.ask(`POST /v1/leases/${verb}`, { body })).status).toBe(401);
  });

  test("403: a key without the scope", async () => {
    const reader = await api.makeKey({ scopes: ["jobs:read", "jobs:write"] });
    expect((await post(verb, { items: [{ leaseToken: "none", ...item }] }, reader.key)).json.code).toBe("FORBIDDEN");
  });

  test("413: a body over the limit of batches", async () => {
    const body = " ".repeat(api.config.server.batchBodyBytesMax + 1);
    expect((await post(verb, body)).status).toBe(413);
  });

  test("422: what has another shape changes nothing", async () => {
    const { job, leaseToken } = await leased(`${verb}-shape`);
    const good = { leaseToken, ...item };
    const bad: readonly (readonly [unknown, string])[] = [
      [{ items: [] }, "items"],
      [{}, "items"],
      [{ items: Array.from({ length: 1_001 }, () => good) }, "items"],
      [{ items: [good, { ...item }] }, "items.1.leaseToken"],
      [{ items: [good, { ...good, leaseToken: 7 }] }, "items.1.leaseToken"],
      [{ items: [good, { ...good, surprise: 1 }] }, "items.1.surprise"],
      [{ items: [good], surprise: 1 }, "surprise"],
    ];
    for (const [body, path] of bad) {
      const reply = await post(verb, body);
      expect([reply.status, reply.json.errors[0]?.path]).toEqual([422, path]);
    }
    expect(await statusOf(job.id)).toBe("running");
  });
});

describe("a lease that has run out", () => {
  test("is lost for every write once the job was rescued, and the next owner's is not", async () => {
    const id = await enqueue("rescue", { retry: { kind: "fixed", delayMs: 0 } });
    const [first] = await claim("rescue", { leaseMs: 1_000 });
    await expect
      .poll(async () => ((await api.composition.store.rescueExpired(10)).retried, statusOf(id)), { timeout: 20_000 })
      .toBe("pending");
    const [second] = await claim("rescue", { waitMs: 30_000 });
    expect(second?.job).toMatchObject({ id, attempts: 2 });
    for (const verb of verbs) {
      const [outcome] = await write(verb, [{ leaseToken: first?.leaseToken, ...items[verb] }]);
      expect([verb, outcome]).toMatchObject([verb, { ok: false, problem: { jobStatus: "running" } }]);
    }
    const job = await read(id);
    expect(job).toMatchObject({ lastError: "lease expired (worker w)", progress: null, attempts: 2 });
    expect((await write("complete", [{ leaseToken: second?.leaseToken }]))[0]?.ok).toBe(true);
  });
});
