import { afterAll, describe, expect, test } from "vitest";

import { startTcpProxy, testDatabase } from "@millrace/storage/testing";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { errorsOf } from "../../testing/errors-of.ts";
import { startTestApi } from "../../testing/start-test-api.ts";

const database = await testDatabase();
afterAll(() => database.close());
const { api, key } = await apiOfFile({ database });

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  api.ask("POST /v1/jobs", { key, body, headers });

describe("POST /v1/jobs", () => {
  test("201: answers the whole job, with its place and the trace that it carries on", async () => {
    const given = {
      type: "email.send",
      queue: "emails",
      payload: { to: "a@example.com", deep: [1, { x: null }], "": "é🙂" },
      priority: -5,
      maxAttempts: 3,
      retry: { kind: "fixed", delayMs: 5 },
      timeoutMs: 1_000,
      scheduledAt: "2040-01-02T03:04:05.678+01:00",
      concurrencyKey: "tenant 1",
      tags: ["a", "b"],
    };
    const reply = await post(given, {
      "x-trace-id": "my-trace",
      traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
    });
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      ...given,
      scheduledAt: "2040-01-02T02:04:05.678Z",
      status: "pending",
      attempts: 0,
      duplicate: false,
      traceparent: expect.stringContaining("a".repeat(32)),
    });
    expect(reply.headers.get("location")).toBe(`/v1/jobs/${reply.json.id}`);
    const { duplicate: _, ...job } = reply.json;
    expect((await api.ask(`GET ${reply.headers.get("location")}`, { key })).json).toEqual(job);
  });

  test("where nothing is traced, a job keeps its caller's traceparent, and no made-up one says that it is recorded", async () => {
    const traceparentOf = async (headers: Readonly<Record<string, string>>) =>
      (await post({ type: "traced" }, headers)).json.traceparent;
    const theirs = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    expect(await traceparentOf({ traceparent: theirs })).toBe(theirs);
    expect(await traceparentOf({ "x-trace-id": "c".repeat(32) })).toMatch(/^00-c{32}-[0-9a-f]{16}-00$/);
    expect(await traceparentOf({})).toMatch(/-00$/);
  });

  test("403: the jobs and queues of Millrace itself are for those who operate it", async () => {
    const { key: producer } = await api.makeKey({ scopes: ["jobs:write"] });
    const status = async (body: object) => (await api.ask("POST /v1/jobs", { key: producer, body })).status;
    expect(await status({ type: "lake.compact" })).toBe(403);
    expect(await status({ type: "t", queue: "system.lake" })).toBe(403);
    expect(await status({ type: "lake.mine" })).toBe(201);
    expect(
      (await api.ask("POST /v1/jobs/batch", { key: producer, body: { jobs: [{ type: "lake.expire" }] } })).status,
    ).toBe(403);
  });

  test("201: needs no more than a type", async () => {
    const { status, json } = await post({ type: "t" });
    expect(status).toBe(201);
    expect(json).toMatchObject({ queue: "default", payload: {}, priority: 0, maxAttempts: 20, tags: [], retry: null });
  });

  test("201: keeps every JSON value as it was sent", async () => {
    for (const payload of [null, false, 0, -1.5, 9_007_199_254_740_991, "", [], [[]], { a: {} }, { __proto__: null }]) {
      expect((await post({ type: "t", payload })).json.payload).toEqual(payload);
    }
    const reply = await post('{"type":"t","payload":{"__proto__":{"a":1},"constructor":2,"":3}}');
    expect(reply.text).toContain('"payload":{"__proto__":{"a":1},"constructor":2,"":3}');
  });

  test("200: the same request with the same key is answered with the first one's job", async () => {
    const body = { type: "t", payload: { a: 1, b: 2 }, idempotencyKey: "order-1" };
    const first = await post(body);
    const again = await post({ idempotencyKey: "order-1", payload: { b: 2, a: 1 }, type: "t" });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json).toEqual({ ...first.json, duplicate: true });
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
  });

  test("200: fifty at once with one key make one job", async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => post({ type: "t", idempotencyKey: "at-once" })));
    expect(new Set(replies.map(({ json }) => json.id)).size).toBe(1);
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(49);
  });

  test("200: the key may come in the header, quoted or bare, and is the body's", async () => {
    const first = await post({ type: "t", idempotencyKey: "in-header" });
    for (const header of ["in-header", '"in-header"']) {
      const again = await post({ type: "t" }, { "idempotency-key": header });
      expect([again.status, again.json.id]).toEqual([200, first.json.id]);
    }
    const both = await post({ type: "t", idempotencyKey: "in-header" }, { "idempotency-key": "in-header" });
    expect(both.status).toBe(200);
  });

  test("400: what is no JSON", async () => {
    for (const body of ["", "{", "secret words", "\u0000", "{'a':1}"]) {
      const reply = await post(body);
      expect([body, reply.status, reply.json.code]).toEqual([body, 400, "MALFORMED_JSON"]);
      expect(reply.text).not.toContain("secret");
    }
  });

  test("401: no key", async () => {
    expect((await api.ask("POST /v1/jobs", { body: { type: "t" } })).status).toBe(401);
  });

  test("403: a key without the scope, or bound to other queues", async () => {
    const reader = await api.makeKey({ scopes: ["jobs:read"] });
    expect((await api.ask("POST /v1/jobs", { key: reader.key, body: { type: "t" } })).json.code).toBe("FORBIDDEN");
    const bound = await api.makeKey({ scopes: ["jobs:write"], queues: ["emails"] });
    const ask = (queue: string) => api.ask("POST /v1/jobs", { key: bound.key, body: { type: "t", queue } });
    expect([(await ask("emails")).status, (await ask("other")).status]).toEqual([201, 403]);
  });

  test("413: a body over the limit", async () => {
    const reply = await post({ type: "t", payload: "x".repeat(api.config.server.bodyBytesMax) });
    expect([reply.status, reply.json.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  test("415: another type, and none", async () => {
    expect((await post({ type: "t" }, { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(Buffer.from('{"type":"t"}'), { "content-type": "" })).status).toBe(415);
  });

  test("422: everything that is wrong, at once", async () => {
    const reply = await post({
      type: "has space",
      queue: "",
      priority: 1.5,
      maxAttempts: 0,
      retry: { kind: "never" },
      scheduledAt: "tomorrow",
      idempotencyKey: "x".repeat(256),
      tags: ["ok", 7],
      surprise: true,
      payload: { a: ["\ud800"] },
    });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^type: /),
        expect.stringMatching(/^queue: /),
        expect.stringMatching(/^priority: /),
        expect.stringMatching(/^maxAttempts: /),
        expect.stringMatching(/^retry\.kind: /),
        expect.stringMatching(/^scheduledAt: /),
        expect.stringMatching(/^idempotencyKey: /),
        expect.stringMatching(/^tags\.1: /),
        expect.stringMatching(/^payload\.a\.0: /),
        "surprise: unknown_field",
      ]),
    );
  });

  test.each([
    ['{"type":"t","type":"u"}', "type: duplicate_field"],
    ['{"type":"t","payload":{"n":[9007199254740993]}}', "payload.n.0: number_out_of_range"],
    ['{"type":"t","payload":1e999}', "payload: number_out_of_range"],
    [String.raw`{"type":"t","payload":{"a":"\u0000"}}`, "payload.a: custom"],
    [String.raw`{"type":"t","payload":{"a\u0000":1}}`, "payload.a\0: custom"],
    [String.raw`{"type":"t","tags":["\ud83d"]}`, "tags.0: custom"],
    [`{"type":"t","payload":${"[".repeat(65)}${"]".repeat(65)}}`, `payload.${"0.".repeat(63)}0: custom`],
    ['{"type":"t","__proto__":{"queue":"x"}}', "__proto__: unknown_field"],
    ['{"type":"t","constructor":1}', "constructor: unknown_field"],
    ['{"type":"t","id":"00000000-0000-7000-8000-000000000000"}', "id: unknown_field"],
    ['{"type":"t","tenantId":"other"}', "tenantId: unknown_field"],
    ['{"type":"t","status":"completed"}', "status: unknown_field"],
    ['{"type":"t","scheduledAt":"2030-01-01T00:00:00Z","delayMs":1}', "delayMs: custom"],
    ['{"type":"t","onDuplicate":"reject"}', "onDuplicate: custom"],
    ['{"type":"t","idempotencyWindowMs":60000}', "idempotencyWindowMs: custom"],
    ['{"type":"t","idempotencyKey":"w","idempotencyWindowMs":999}', "idempotencyWindowMs: too_small"],
    ['{"type":"t","dependsOn":["no-id"]}', "dependsOn.0: invalid_format"],
    ['{"type":"t","ref":"a"}', "ref: unknown_field"],
    [
      `{"type":"t","dependsOn":${JSON.stringify(Array.from({ length: 2 }, () => "01900000-0000-7000-8000-000000000000"))}}`,
      "dependsOn.1: custom",
    ],
    [
      '{"type":"t","idempotencyKey":"r","onDuplicate":"replace","dependsOn":["01900000-0000-7000-8000-000000000000"]}',
      "dependsOn: custom",
    ],
    ["[]", ": invalid_type"],
    ["null", ": invalid_type"],
    ['"text"', ": invalid_type"],
    [`{"type":"t","payload":"${"x".repeat(256 * 1024)}"}`, "payload: too_big"],
  ])("422: %j names what is wrong", async (body, error) => {
    const reply = await post(body);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toContain(error);
  });

  test("200: a request takes the place of a pending one where it says so, and 409 once that runs or is finished", async () => {
    const body = { type: "t", idempotencyKey: "newest", onDuplicate: "replace" };
    const first = await post({ ...body, payload: 1 });
    const again = await post({ ...body, payload: 2, priority: 3 });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json).toMatchObject({ id: first.json.id, payload: 2, priority: 3, duplicate: true, replaced: true });
    expect(first.json).not.toHaveProperty("replaced");
    await api.ask(`POST /v1/jobs/${first.json.id}/cancel`, { key });
    const late = await post({ ...body, payload: 3 });
    expect([late.status, late.json.code]).toEqual([409, "DUPLICATE_JOB"]);
    expect(late.json).toMatchObject({ jobId: first.json.id, jobStatus: "cancelled" });
    const last = await post({ ...body, payload: 4, onDuplicate: "keepLast" });
    expect([last.status, last.json.duplicate]).toEqual([201, false]);
  });

  test("409: a key that has a job, where repeats are rejected", async () => {
    const body = { type: "t", idempotencyKey: "rejected", onDuplicate: "reject", idempotencyWindowMs: 60_000 };
    expect((await post(body)).status).toBe(201);
    const reply = await post(body);
    expect([reply.status, reply.json.code, errorsOf(reply)]).toEqual([
      409,
      "DUPLICATE_JOB",
      ["idempotencyKey: duplicate"],
    ]);
  });

  test("200: how a request is to be treated is no part of it", async () => {
    const body = { type: "t", idempotencyKey: "treated" };
    await post({ ...body, idempotencyWindowMs: 60_000, onDuplicate: "reject" });
    expect((await post(body)).status).toBe(200);
  });

  test("201: a job waits for those that it depends on, and is cancelled at once when one has failed", async () => {
    const first = await post({ type: "t" });
    const second = await post({ type: "t", dependsOn: [first.json.id.toUpperCase()] });
    expect([second.status, second.json.status]).toEqual([201, "pending"]);
    await api.ask(`POST /v1/jobs/${first.json.id}/cancel`, { key });
    expect((await api.ask(`GET /v1/jobs/${second.json.id}`, { key })).json).toMatchObject({
      status: "cancelled",
      lastError: `The job ${first.json.id}, on which this one depends, was cancelled.`,
    });
    const third = await post({ type: "t", dependsOn: [first.json.id] });
    expect([third.status, third.json.status]).toEqual([201, "cancelled"]);
    const fourth = await post({ type: "t", dependsOn: [first.json.id], onDependencyFailure: "wait" });
    expect(fourth.json.status).toBe("pending");
  });

  test("422: a dependency on no job, on another tenant's, or on one of a queue that the key is not bound to", async () => {
    const other = await api.makeKey({ tenantId: "other" });
    const theirs = await api.ask("POST /v1/jobs", { key: other.key, body: { type: "t" } });
    const unseen = await post({ type: "t", queue: "secret" });
    const bound = await api.makeKey({ scopes: ["jobs:write"], queues: ["emails"] });
    const dependsOn = ["01900000-0000-7000-8000-000000000000", theirs.json.id];
    const reply = await post({ type: "t", dependsOn });
    expect([reply.status, errorsOf(reply)]).toEqual([422, ["dependsOn.0: not_found", "dependsOn.1: not_found"]]);
    const body = { type: "t", queue: "emails", dependsOn: [unseen.json.id] };
    expect(errorsOf(await api.ask("POST /v1/jobs", { key: bound.key, body }))).toEqual(["dependsOn.0: not_found"]);
  });

  test("422: the key of another request, or two different keys", async () => {
    await post({ type: "t", idempotencyKey: "taken" });
    const reused = await post({ type: "other", idempotencyKey: "taken" });
    expect([reused.status, reused.json.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    const two = await post({ type: "t", idempotencyKey: "a" }, { "idempotency-key": "b" });
    expect([two.status, errorsOf(two)]).toEqual([422, ["Idempotency-Key: conflict"]]);
    const odd = await post({ type: "t" }, { "idempotency-key": "é" });
    expect([odd.status, errorsOf(odd)]).toEqual([422, ["Idempotency-Key: invalid_format"]]);
  });

  test("201: another tenant's key of the same text is another key", async () => {
    const other = await api.makeKey({ tenantId: "other" });
    const body = { type: "t", idempotencyKey: "of-two-tenants" };
    const [mine, theirs] = [await post(body), await api.ask("POST /v1/jobs", { key: other.key, body })];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(mine.json.id).not.toBe(theirs.json.id);
  });

  test("503: with Retry-After while the database is away, and served again once it is back", async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(database.url).port) });
    const behind = await startTestApi({
      database,
      databaseUrl: proxy.through(database.url),
      values: { "database.acquireTimeoutMs": 1_000 },
    });
    const ask = () => behind.ask("POST /v1/jobs", { key, body: { type: "t" } });
    await expect.poll(async () => (await ask()).status).toBe(201);
    proxy.watch(() => false);
    proxy.cut();
    const reply = await ask();
    expect([reply.status, reply.json.code, reply.json.retryable]).toEqual([503, "UNAVAILABLE", true]);
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(reply.text).not.toMatch(/postgres|127\.0\.0\.1|insert|select/i);
    proxy.watch(undefined);
    proxy.cut();
    await expect.poll(async () => (await ask()).status).toBe(201);
    await behind.close();
    await proxy.close();
  });
});
