import { describe, expect, test } from "vitest";

import { type Leased, leasesOfFile } from "./leases.test.support.ts";

const { api, key, post, enqueue, claim } = await leasesOfFile();
const other = await api.makeKey({ tenantId: "other" });

describe("POST /v1/leases/claim", () => {
  test("200: answers the best jobs of the queues and types, each with a lease of its own", async () => {
    const low = await enqueue("claim", { type: "a", payload: { n: 1 } });
    const high = await enqueue("claim", { type: "a", priority: 5 });
    await enqueue("claim", { type: "b", priority: 9 });
    await enqueue("elsewhere", { type: "a" });
    const reply = await post("claim", { queues: ["claim", "none"], types: ["a", "c"], limit: 10, worker: "me" });
    expect(reply.status).toBe(200);
    expect(reply.json.items).toMatchObject([
      { job: { id: high, status: "running", attempts: 1, lockedBy: "me" } },
      { job: { id: low, payload: { n: 1 }, queue: "claim", type: "a" } },
    ]);
    const [first, second] = reply.json.items as unknown as readonly Leased[];
    expect(first?.leaseToken).not.toBe(second?.leaseToken);
    expect(reply.text).not.toContain('"fence"');
  });

  test("200: takes one job for 30 s unless told otherwise, and tells the database's time", async () => {
    await Promise.all([enqueue("defaults"), enqueue("defaults")]);
    const reply = await post("claim", { queues: ["defaults"], worker: "w" });
    expect(reply.json.items).toHaveLength(1);
    const [item] = reply.json.items as unknown as readonly Leased[];
    const leftMs = Date.parse(item?.leaseExpiresAt ?? "") - Date.parse(String(reply.json["serverTime"]));
    expect(leftMs).toBeGreaterThan(20_000);
    expect(leftMs).toBeLessThan(40_000);
    const longer = await post("claim", { queues: ["defaults"], worker: "w", leaseMs: 600_000 });
    const [long] = longer.json.items as unknown as readonly Leased[];
    expect(Date.parse(long?.leaseExpiresAt ?? "") - Date.parse(item?.leaseExpiresAt ?? "")).toBeGreaterThan(500_000);
  });

  test("200: never hands a job to two of many who claim at once", async () => {
    await api.ask("POST /v1/jobs/batch", {
      key,
      body: { jobs: Array.from({ length: 200 }, () => ({ type: "t", queue: "race" })) },
    });
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim("race", { limit: 20 })));
    const ids = claims.flat().map(({ job }) => job.id);
    for (let rest = await claim("race", { limit: 200 }); rest.length > 0; rest = await claim("race", { limit: 200 })) {
      ids.push(...rest.map(({ job }) => job.id));
    }
    expect(ids).toHaveLength(200);
    expect(new Set(ids).size).toBe(200);
  });

  test("200: nothing of another tenant's queue of the same name", async () => {
    await enqueue("shared");
    expect((await post("claim", { queues: ["shared"], worker: "w" }, other.key)).json.items).toEqual([]);
    expect(await claim("shared")).toHaveLength(1);
  });

  test("401: no key", async () => {
    expect((await api.ask("POST /v1/leases/claim", { body: { queues: ["q"], worker: "w" } })).status).toBe(401);
  });

  test("403: a key without the scope, or bound to other queues than one of those it asks for", async () => {
    const writer = await api.makeKey({ scopes: ["jobs:write", "jobs:read"] });
    expect((await post("claim", { queues: ["q"], worker: "w" }, writer.key)).json.code).toBe("FORBIDDEN");
    const bound = await api.makeKey({ scopes: ["jobs:work"], queues: ["mine"] });
    await enqueue("mine");
    expect((await post("claim", { queues: ["mine", "q"], worker: "w" }, bound.key)).status).toBe(403);
    expect((await post("claim", { queues: ["mine"], worker: "w" }, bound.key)).json.items).toHaveLength(1);
  });

  test("422: everything that is wrong, at once", async () => {
    const reply = await post("claim", {
      queues: ["has space"],
      types: [],
      limit: 1_001,
      leaseMs: 999,
      waitMs: 60_001,
      worker: "x".repeat(256),
      tenantId: "other",
    });
    expect(reply.status).toBe(422);
    const paths = reply.json.errors.map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(["leaseMs", "limit", "queues.0", "tenantId", "types", "waitMs", "worker"]));
    for (const body of [
      {},
      { queues: [], worker: "w" },
      { queues: ["q"] },
      { queues: ["q"], worker: "a\0" },
      [],
      null,
    ]) {
      expect([body, (await post("claim", body)).status]).toEqual([body, 422]);
    }
  });
});
