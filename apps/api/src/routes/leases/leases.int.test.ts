import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { type Reply, type TestApi, type TestKey, startTestApi } from "../../testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;
let own: TestKey;
let other: TestKey;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
  own = await api.makeKey();
  other = await api.makeKey({ tenantId: "other" });
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const post = (path: string, body: unknown, key = own.key) => api.ask(`POST /v1/leases/${path}`, { key, body });
const write = async (verb: string, items: readonly object[], key = own.key) =>
  (await post(verb, { items }, key)).json.items as unknown as readonly Outcome[];
const statusOf = async (id: string) => (await api.ask(`GET /v1/jobs/${id}`, { key: own.key })).json["status"];

interface Outcome {
  readonly ok: boolean;
  readonly problem?: Readonly<Record<string, unknown>>;
}

interface Leased {
  readonly job: { readonly id: string; readonly attempts: number };
  readonly leaseToken: string;
  readonly leaseExpiresAt: string;
}

async function enqueue(queue: string, more: object = {}): Promise<string> {
  const { json } = await api.ask("POST /v1/jobs", { key: own.key, body: { type: "t", queue, ...more } });
  return json.id;
}

async function claim(queue: string, more: object = {}): Promise<readonly Leased[]> {
  const { json } = await post("claim", { queues: [queue], worker: "w", ...more });
  return json.items as unknown as readonly Leased[];
}

async function leased(queue: string, more: object = {}): Promise<Leased> {
  await enqueue(queue, more);
  const [item] = await claim(queue);
  if (item === undefined) throw new Error("a job was expected");
  return item;
}

/** The lease of a job that another has claimed since. */
async function stale(queue: string): Promise<Leased> {
  const first = await leased(queue);
  await write("release", [{ leaseToken: first.leaseToken }]);
  await claim(queue);
  return first;
}

function errorsOf(reply: Reply): readonly string[] {
  return (reply.json.errors ?? []).map(({ path, code }) => `${path}: ${code}`);
}

/** One well-formed item of each verb, without its token. */
const items = {
  heartbeat: {},
  progress: { progress: { done: 1 } },
  complete: { result: { sum: 3 } },
  fail: { message: "no" },
  snooze: { delayMs: 60_000 },
  release: {},
} as const;

/** What becomes of the job. */
const statusAfter = {
  heartbeat: "running",
  progress: "running",
  complete: "completed",
  fail: "pending",
  snooze: "pending",
  release: "pending",
} as const;

const verbs = Object.keys(items) as (keyof typeof items)[];

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
    expect(leftMs).toBeLessThanOrEqual(30_050);
    const longer = await post("claim", { queues: ["defaults"], worker: "w", leaseMs: 600_000 });
    const [long] = longer.json.items as unknown as readonly Leased[];
    expect(Date.parse(long?.leaseExpiresAt ?? "") - Date.parse(item?.leaseExpiresAt ?? "")).toBeGreaterThan(500_000);
  });

  test("200: never hands a job to two of many who claim at once", async () => {
    await api.ask("POST /v1/jobs/batch", {
      key: own.key,
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
    const paths = errorsOf(reply).map((error) => error.split(":")[0]);
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
    const before = (await api.ask(`GET /v1/jobs/${job.id}`, { key: own.key })).json;
    const [outcome] = await write(verb, [{ leaseToken, ...item }], other.key);
    expect(outcome).toMatchObject({ ok: false, problem: { code: "LEASE_LOST", jobStatus: null } });
    expect((await api.ask(`GET /v1/jobs/${job.id}`, { key: own.key })).json).toEqual(before);
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
    const { key } = await api.makeKey({ scopes: ["jobs:read", "jobs:write"] });
    expect((await post(verb, { items: [{ leaseToken: "none", ...item }] }, key)).json.code).toBe("FORBIDDEN");
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

describe("a heartbeat", () => {
  test("extends the lease to `leaseMs` from now", async () => {
    const { job, leaseToken, leaseExpiresAt } = await leased("beat");
    const reply = await post("heartbeat", { leaseMs: 600_000, items: [{ leaseToken }] });
    expect(reply.json.items).toEqual([{ ok: true, job: { id: job.id, status: "running" }, cancelRequested: false }]);
    const after = (await api.ask(`GET /v1/jobs/${job.id}`, { key: own.key })).json;
    expect(Date.parse(String(after["leaseExpiresAt"])) - Date.parse(leaseExpiresAt)).toBeGreaterThan(500_000);
  });

  test("tells the worker of a cancelled job, and of no other, that it should stop", async () => {
    const [cancelled, going] = [await leased("beat-cancel"), await leased("beat-cancel")];
    await api.ask(`POST /v1/jobs/${cancelled.job.id}/cancel`, { key: own.key });
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

describe("a lease that has run out", () => {
  test("is lost for every write once the job was rescued, and the next owner's is not", async () => {
    const id = await enqueue("rescue", { retry: { kind: "fixed", delayMs: 0 } });
    const [first] = await claim("rescue", { leaseMs: 1_000 });
    await expect
      .poll(async () => ((await api.composition.store.rescueExpired(10)).retried, statusOf(id)), { timeout: 20_000 })
      .toBe("pending");
    await api.composition.store.promoteDue(10);
    const [second] = await claim("rescue");
    expect(second?.job).toMatchObject({ id, attempts: 2 });
    for (const verb of verbs) {
      const [outcome] = await write(verb, [{ leaseToken: first?.leaseToken, ...items[verb] }]);
      expect([verb, outcome]).toMatchObject([verb, { ok: false, problem: { jobStatus: "running" } }]);
    }
    const job = (await api.ask(`GET /v1/jobs/${id}`, { key: own.key })).json;
    expect(job).toMatchObject({ lastError: "lease expired (worker w)", progress: null, attempts: 2 });
    expect((await write("complete", [{ leaseToken: second?.leaseToken }]))[0]?.ok).toBe(true);
  });
});

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
    await api.ask(`POST /v1/jobs/${job.id}/retry`, { key: own.key });
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
    expect((await api.ask(`GET /v1/jobs/${job.id}`, { key: own.key })).json["progress"]).toEqual({ done: 0.5 });
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

describe("a failure", () => {
  test("waits for its own delay, is dead when it can't be mended, and keeps what was said", async () => {
    const [later, dead] = [await leased("failing"), await leased("failing")];
    const outcomes = await write("fail", [
      { leaseToken: later.leaseToken, message: "", retryAfterMs: 3_600_000 },
      { leaseToken: dead.leaseToken, message: `${"m".repeat(3_000)}\0`, stack: "at x", retryable: false },
    ]);
    expect(outcomes).toMatchObject([{ job: { status: "pending" } }, { job: { status: "dead" } }]);
    const read = async ({ job }: Leased) => (await api.ask(`GET /v1/jobs/${job.id}`, { key: own.key })).json;
    expect(Date.parse(String((await read(later))["scheduledAt"])) - Date.now()).toBeGreaterThan(3_000_000);
    const job = await read(dead);
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
    expect((await api.ask(`GET /v1/jobs/${snoozed.job.id}`, { key: own.key })).json["attempts"]).toBe(0);
  });
});
