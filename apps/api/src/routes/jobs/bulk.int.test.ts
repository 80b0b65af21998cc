import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { startTestApi } from "../../testing/start-test-api.ts";

const { api, key } = await apiOfFile();

const ask = (what: string, body?: unknown, as = key) => api.ask(what, { key: as, body });
const bulk = (body: object, as = key) => ask("POST /v1/jobs/bulk", body, as);
const add = (queue: string, count: number) =>
  ask("POST /v1/jobs/batch", { jobs: Array.from({ length: count }, () => ({ type: "t", queue, maxAttempts: 1 })) });
const counts = async (queue: string) => (await ask(`GET /v1/queues/${queue}`)).json["counts"];

/** Has every pending job of a queue fail for good. */
async function kill(queue: string): Promise<void> {
  const { store } = api.composition;
  const claimed = await store.claimJobs({ queues: [queue], limit: 1_000, leaseMs: 60_000, worker: "w" });
  await store.failJobs(claimed.map(({ leaseToken }) => ({ leaseToken, message: "no", retryable: true })));
}

describe("POST /v1/jobs/bulk", () => {
  test("200: a dry run says how many there are, and changes none", async () => {
    await add("dry", 5);
    const reply = await bulk({ action: "cancel", filter: { queue: "dry" }, dryRun: true });
    expect(reply.json).toEqual({ matched: 5, changed: 0, skipped: 0, dryRun: true, nextCursor: null });
    expect(await counts("dry")).toMatchObject({ pending: 5 });
  });

  test("200: a redrive takes dead jobs only, in steps that a cursor joins, until there are none", async () => {
    await add("redrive", 25);
    await kill("redrive");
    await add("redrive", 2);
    const request = { action: "retry", filter: { queue: "redrive" }, limit: 10 };
    const steps: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { json } = await bulk({ ...request, ...(cursor === undefined ? {} : { cursor }) });
      steps.push(json["changed"] as number);
      cursor = json.nextCursor;
    }
    expect(steps.reduce((sum, changed) => sum + changed)).toBe(25);
    expect(steps.slice(0, 3)).toEqual([10, 10, 5]);
    expect(await counts("redrive")).toMatchObject({ pending: 27, dead: 0 });
  });

  test("200: leaves a line in the audit log that tells who, what and how many", async () => {
    await add("audited", 2);
    await bulk({ action: "delete", filter: { queue: "audited" } });
    const { items } = (await ask("GET /v1/audit?action=jobs.bulk&target=delete")).json;
    expect(items[0]).toMatchObject({
      actor: expect.stringMatching(/^key:/) as string,
      detail: { filter: { queue: "audited" }, changed: 2 },
    });
  });

  test("422: a filter that restricts nothing, one that contradicts itself or the action, a cursor of another request", async () => {
    await add("cursors", 3);
    const { nextCursor } = (await bulk({ action: "cancel", filter: { queue: "cursors" }, limit: 1 })).json;
    const wrong = [
      { action: "cancel", filter: {} },
      { action: "cancel", filter: { all: true, queue: "q" } },
      { action: "retry", filter: { status: "pending" } },
      { action: "delete", filter: { status: "running" } },
      { action: "cancel", filter: { queue: "q" }, limit: 10_001 },
      { action: "delete", filter: { queue: "cursors" }, cursor: nextCursor },
    ];
    for (const body of wrong) expect([body, (await bulk(body)).status]).toEqual([body, 422]);
  });

  test("403: a key that is bound to queues reaches only these, also with all", async () => {
    await add("mine", 2);
    await add("theirs", 2);
    const { key: bound } = await api.makeKey({ queues: ["mine"] });
    expect((await bulk({ action: "cancel", filter: { queue: "theirs" } }, bound)).status).toBe(403);
    expect((await bulk({ action: "cancel", filter: { all: true } }, bound)).json["changed"]).toBe(2);
    expect(await counts("theirs")).toMatchObject({ pending: 2 });
    const { key: ofTwo } = await api.makeKey({ queues: ["mine", "other"] });
    expect((await bulk({ action: "cancel", filter: { all: true } }, ofTwo)).json.errors[0]?.path).toBe("filter.queue");
  });
});

describe("GET /v1/jobs/{id}/attempts", () => {
  test("200: the attempts, oldest first", async () => {
    const { id } = (await ask("POST /v1/jobs", { type: "t", queue: "attempts", maxAttempts: 1 })).json;
    expect((await ask(`GET /v1/jobs/${id}/attempts`)).json).toEqual({ items: [], nextCursor: null });
    await kill("attempts");
    expect((await ask(`GET /v1/jobs/${id}/attempts`)).json.items).toEqual([
      {
        attempt: 1,
        startedAt: expect.any(String) as string,
        endedAt: expect.any(String) as string,
        worker: "w",
        outcome: "failed",
        error: { message: "no" },
      },
    ]);
  });

  test("200: page by page, the job's own cursor alone", async () => {
    const jobs = [];
    for (const queue of ["many-attempts", "other-attempts"]) {
      jobs.push((await ask("POST /v1/jobs", { type: "t", queue })).json.id);
      for (let n = 0; n < 3; n++) {
        const { json } = await ask("POST /v1/leases/claim", { queues: [queue], worker: `w${n}` });
        const [{ leaseToken }] = json.items as unknown as readonly [{ readonly leaseToken: string }];
        if (n < 2) await ask("POST /v1/leases/release", { items: [{ leaseToken }] });
      }
    }
    const [one, other] = jobs;
    const first = (await ask(`GET /v1/jobs/${one}/attempts?limit=2`)).json;
    const cursor = first["nextCursor"] as string;
    const second = (await ask(`GET /v1/jobs/${one}/attempts?limit=2&cursor=${cursor}`)).json;
    expect([first, second].map(({ items }) => items.map(({ worker, outcome }) => [worker, outcome]))).toEqual([
      [
        ["w0", "released"],
        ["w1", "released"],
      ],
      [["w2", "running"]],
    ]);
    expect(second["nextCursor"]).toBeNull();
    for (const path of [`${other}/attempts?cursor=${cursor}`, `${one}/attempts?limit=501`]) {
      expect((await ask(`GET /v1/jobs/${path}`)).status).toBe(422);
    }
  });

  test("404: a key that is bound to other queues", async () => {
    const { id } = (await ask("POST /v1/jobs", { type: "t", queue: "attempts" })).json;
    const { key: bound } = await api.makeKey({ queues: ["other"] });
    expect((await ask(`GET /v1/jobs/${id}/attempts`, undefined, bound)).json.code).toBe("JOB_NOT_FOUND");
  });
});

describe("GET /v1/audit", () => {
  test("200: changes of keys, newest first, page by page, never a secret", async () => {
    const made = (await ask("POST /v1/keys", { name: "made", scopes: ["jobs:read"] })).json;
    await ask(`POST /v1/keys/${made.id}/rotate`, { overlapMs: 1_000 });
    await ask(`DELETE /v1/keys/${made.id}`);
    const first = (await ask(`GET /v1/audit?target=${made.id}&limit=2`)).json;
    expect(first.items.map((entry) => entry["action"])).toEqual(["key.revoke", "key.rotate"]);
    const second = (await ask(`GET /v1/audit?target=${made.id}&limit=2&cursor=${first.nextCursor}`)).json;
    expect(second).toMatchObject({ items: [{ action: "key.create", detail: { name: "made" } }], nextCursor: null });
    expect(JSON.stringify([first, second])).not.toContain(made.key);
  });

  test("200: what a new key may do, where, and until when", async () => {
    const expiresAt = "2100-01-01T00:00:00.000Z";
    const request = { name: "narrow", scopes: ["jobs:read"], queues: ["mine"], expiresAt };
    const [narrow, wide] = [request, { name: "wide", scopes: ["*"] }];
    for (const [asked, detail] of [
      [narrow, { ...narrow, tables: null }],
      [wide, { ...wide, queues: null, tables: null, expiresAt: null }],
    ] as const) {
      const { id } = (await ask("POST /v1/keys", asked)).json;
      expect((await ask(`GET /v1/audit?target=${id}`)).json.items[0]?.["detail"]).toEqual(detail);
    }
  });

  test("403: a key that is bound to queues, as the log is of the whole tenant", async () => {
    const { key: bound } = await api.makeKey({ queues: ["mine"] });
    const { status, json } = await ask("GET /v1/audit", undefined, bound);
    expect([status, json.code]).toEqual([403, "FORBIDDEN"]);
  });

  test("200: a static key by its place in the configuration", async () => {
    const staticKeys = "first:statics,second:statics";
    const fixed = await startTestApi({ values: { "auth.mode": "static", "auth.staticKeys": staticKeys } });
    try {
      await fixed.ask("PUT /v1/queues/q", { key: "second", body: {} });
      expect((await fixed.ask("GET /v1/audit", { key: "first" })).json.items).toMatchObject([
        { actor: "static:2", action: "queue.change" },
      ]);
    } finally {
      await fixed.close();
    }
  });

  test("200: bounded in time, and of one's own tenant only", async () => {
    const at = new Date(Date.now() - 60_000).toISOString();
    expect((await ask(`GET /v1/audit?before=${at}`)).json.items).toEqual([]);
    expect((await ask(`GET /v1/audit?after=${at}`)).json.items.length).toBeGreaterThan(2);
    const other = await api.makeKey({ tenantId: "other" });
    expect((await ask("GET /v1/audit", undefined, other.key)).json.items).toEqual([]);
  });
});
