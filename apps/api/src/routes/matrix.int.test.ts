import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Scope, scopes } from "@millrace/contract";

import { makeDeadLetter } from "../testing/make-dead-letter.ts";
import { makeSnapshot } from "../testing/make-snapshot.ts";
import { makeTable } from "../testing/make-table.ts";
import { type TestApi, type TestKey, startTestApi } from "../testing/start-test-api.ts";

interface Operation {
  readonly method: string;
  readonly path: string;
  /** Any of them will do; none: it needs no key. */
  readonly scopes: readonly Scope[];
}

let api: TestApi;
let operations: readonly Operation[];
let own: TestKey;

beforeAll(async () => {
  api = await startTestApi({ lake: true });
  own = await api.makeKey();
  const document = (await api.ask("GET /v1/openapi.json")).json as unknown as {
    paths: Record<string, Record<string, { security: Record<string, Scope[]>[] }>>;
  };
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      scopes: security.flatMap(({ bearer = [] }) => bearer),
    })),
  );
});
afterAll(() => api.close());

const table = { columns: [{ name: "a", type: "int32" }] };
const tableName = () => `t${randomUUID().replaceAll("-", "")}`;
const schedule = { cron: "@daily", job: { type: "t" } };

/** The request of an operation with ids in its path; its input is as small as it may be. */
function requestOf({ method, path }: Operation, id: string): { readonly what: string; readonly body: unknown } {
  const bodies: Readonly<Record<string, unknown>> = {
    "POST /v1/jobs": { type: "t" },
    "POST /v1/jobs/batch": { jobs: [{ type: "t" }] },
    "POST /v1/jobs/bulk": { action: "cancel", filter: { queue: "none" } },
    "PATCH /v1/jobs/{id}": { priority: 1 },
    "POST /v1/leases/claim": { queues: ["none"], worker: "w" },
    "POST /v1/leases/heartbeat": { items: [{ leaseToken: "none" }] },
    "POST /v1/leases/progress": { items: [{ leaseToken: "none", progress: 1 }] },
    "POST /v1/leases/complete": { items: [{ leaseToken: "none" }] },
    "POST /v1/leases/fail": { items: [{ leaseToken: "none", message: "no" }] },
    "POST /v1/leases/snooze": { items: [{ leaseToken: "none", delayMs: 1 }] },
    "POST /v1/leases/release": { items: [{ leaseToken: "none" }] },
    "POST /v1/schedules": { name: randomUUID(), ...schedule },
    "POST /v1/schedules/preview": { cron: "@daily" },
    "PUT /v1/schedules/{name}": schedule,
    "PUT /v1/schemas/{type}": { schema: {} },
    "POST /v1/tables": { ...table, name: tableName() },
    "PATCH /v1/tables/{table}": { retentionDays: 30 },
    "PUT /v1/queues/{queue}": {},
    "POST /v1/ingest/{table}": { records: [{ idempotencyKey: "k", payload: {} }] },
    "POST /v1/query": { sql: "select 1" },
    "POST /v1/snapshots/{id}/pin": { reason: "to keep it" },
    "POST /v1/keys": { name: "made", scopes: ["jobs:read"] },
  };
  const query = path.endsWith("/wait") ? "?timeoutMs=0" : "";
  return { what: `${method} ${path.replaceAll(/\{\w+\}/g, id)}${query}`, body: bodies[`${method} ${path}`] };
}

/** Something of a tenant's that an operation with an id can name. */
async function makeFor(path: string, key: TestKey): Promise<string> {
  const type = path.endsWith("/retry") ? "to-retry" : "t";
  if (path.startsWith("/v1/keys")) return (await api.makeKey({ tenantId: key.tenantId, scopes: ["jobs:read"] })).id;
  if (path.startsWith("/v1/ingest") || path.startsWith("/v1/dead-letters")) {
    const name = `t${randomUUID().replaceAll("-", "_")}`;
    const made = await makeTable(api, { tenantId: key.tenantId, name, columns: { a: "varchar" } });
    return path.startsWith("/v1/ingest") ? name : makeDeadLetter(api, made, { payload: "{}" });
  }
  if (path.startsWith("/v1/snapshots")) {
    await makeTable(api, { tenantId: key.tenantId, name: tableName(), columns: { a: "varchar" } });
    // Numbers of a tenant's own: those of others are beyond its newest.
    return makeSnapshot(api, key.tenantId, key.tenantId === own.tenantId ? 1 : 1_000_000);
  }
  if (path.startsWith("/v1/schemas")) {
    const name = randomUUID();
    await api.ask(`PUT /v1/schemas/${name}`, { key: key.key, body: { schema: {} } });
    return name;
  }
  if (path.startsWith("/v1/tables")) {
    return (await api.ask("POST /v1/tables", { key: key.key, body: { ...table, name: tableName() } })).json.name;
  }
  if (path.startsWith("/v1/schedules")) {
    return (await api.ask("POST /v1/schedules", { key: key.key, body: { name: randomUUID(), ...schedule } })).json.name;
  }
  const { json } = await api.ask("POST /v1/jobs", { key: key.key, body: { type, queue: "own" } });
  if (path.startsWith("/v1/queues")) return "own";
  if (path.endsWith("/retry") || path.endsWith("/events"))
    await api.ask(`POST /v1/jobs/${json.id}/cancel`, { key: key.key });
  return json.id;
}

test("the document names every operation's scope, or says that it needs none", () => {
  expect(operations.length).toBeGreaterThan(15);
  const open = operations.filter((operation) => operation.scopes.length === 0).map(({ path }) => path);
  expect(open).toEqual(["/v1/health", "/v1/ready", "/v1/metrics", "/v1/openapi.json", "/docs"]);
  expect(operations.every((operation) => operation.scopes.every((scope) => scopes.includes(scope)))).toBe(true);
});

describe("every operation that needs a key", () => {
  const keyed = () => operations.filter((operation) => operation.scopes.length > 0);

  test("is 401 without one, and with a wrong one, in the same words", async () => {
    const bodies = new Set<string>();
    for (const operation of keyed()) {
      const { what, body } = requestOf(operation, randomUUID());
      for (const key of [undefined, "mr_live_nonsense", own.key.replace(/.$/, (last) => (last === "0" ? "1" : "0"))]) {
        const reply = await api.ask(what, { key, body });
        expect([what, reply.status]).toEqual([what, 401]);
        expect(reply.headers.get("www-authenticate")).toBe("Bearer");
        const { traceId: _, instance: __, ...rest } = reply.json as Record<string, unknown>;
        bodies.add(JSON.stringify(rest));
      }
    }
    expect(bodies.size).toBe(1);
  });

  test("is 403 with every scope but its own ones, whatever the body", async () => {
    for (const operation of keyed()) {
      const others = scopes.filter((scope) => !operation.scopes.includes(scope) && scope !== "*");
      const { key } = await api.makeKey({ scopes: [...others] });
      const { what } = requestOf(operation, randomUUID());
      const reply = await api.ask(what, { key });
      expect([what, reply.status, reply.json.code]).toEqual([what, 403, "FORBIDDEN"]);
    }
  });

  test("is served with each of its own scopes alone", async () => {
    for (const operation of keyed()) {
      const admin = operation.path.startsWith("/v1/keys") ? (["jobs:read"] as const) : [];
      for (const scope of operation.scopes) {
        const { key } = await api.makeKey({ scopes: [scope, ...admin] });
        const { what, body } = requestOf(operation, await makeFor(operation.path, own));
        const reply = await api.ask(what, { key, body });
        expect([what, reply.status]).toEqual([what, expect.toSatisfy((status: number) => status < 300)]);
      }
    }
  });

  test("refuses query parameters that it does not know, by name", async () => {
    for (const operation of keyed()) {
      const { what, body } = requestOf(operation, await makeFor(operation.path, own));
      const reply = await api.ask(`${what}${what.includes("?") ? "&" : "?"}nonsense=1&__proto__=2`, {
        key: own.key,
        body,
      });
      expect([what, reply.status]).toEqual([what, 422]);
      expect(reply.json.errors).toEqual([
        expect.objectContaining({ path: "nonsense", code: "unknown_field" }),
        expect.objectContaining({ path: "__proto__", code: "unknown_field" }),
      ]);
    }
  });
});

describe("every operation on one thing", () => {
  // What a PUT names, it makes.
  const withId = () => operations.filter(({ path, method }) => path.includes("{") && method !== "PUT");

  test("finds one's own, and neither another tenant's, nor one that isn't there, nor what is no id", async () => {
    const other = await api.makeKey({ tenantId: "other" });
    expect(withId().length).toBeGreaterThan(7);
    for (const operation of withId()) {
      const ask = async (id: string) => {
        const { what, body } = requestOf(operation, id);
        const reply = await api.ask(what, { key: own.key, body });
        const { traceId: _, instance: __, detail: ___, ...rest } = (reply.json ?? {}) as Record<string, unknown>;
        return { status: reply.status, rest };
      };
      const theirs = await makeFor(operation.path, other);
      const hidden = operation.path.startsWith("/v1/queues") ? await hiddenQueue(other) : theirs;
      const refused = await ask(hidden);
      expect([operation.path, refused.status]).toEqual([operation.path, 404]);
      for (const id of [randomUUID(), "nonsense", "%00", "%F0%9F%99%82", "..%2F..", "a".repeat(300)]) {
        expect([operation.path, id, await ask(id)]).toEqual([operation.path, id, refused]);
      }
      const found = await ask(await makeFor(operation.path, own));
      expect([operation.path, found.status]).toEqual([
        operation.path,
        expect.toSatisfy((status: number) => status < 300),
      ]);
    }
  });

  test("leaves another tenant's thing as it was", async () => {
    const other = await api.makeKey({ tenantId: "other" });
    const id = await makeFor("/v1/jobs/{id}", other);
    const before = (await api.ask(`GET /v1/jobs/${id}`, { key: other.key })).json;
    for (const operation of withId().filter(({ path }) => path.startsWith("/v1/jobs/"))) {
      const { what, body } = requestOf(operation, id);
      await api.ask(what, { key: own.key, body });
    }
    expect((await api.ask(`GET /v1/jobs/${id}`, { key: other.key })).json).toEqual(before);
  });

  async function hiddenQueue(other: TestKey): Promise<string> {
    await api.ask("POST /v1/jobs", { key: other.key, body: { type: "t", queue: "theirs-alone" } });
    return "theirs-alone";
  }
});

describe("lists", () => {
  test("show nothing of another tenant, whatever the filter", async () => {
    const other = await api.makeKey({ tenantId: "canary" });
    const body = { type: "canary", queue: "canary", tags: ["canary"], idempotencyKey: "canary", payload: "canary" };
    await api.ask("POST /v1/jobs", { key: other.key, body });
    for (const query of ["", "?queue=canary", "?type=canary", "?tag=canary", "?idempotencyKey=canary", "?limit=500"]) {
      expect((await api.ask(`GET /v1/jobs${query}`, { key: own.key })).text).not.toContain("canary");
    }
    expect((await api.ask("GET /v1/queues", { key: own.key })).text).not.toContain("canary");
    expect((await api.ask("GET /v1/keys?limit=500", { key: own.key })).text).not.toContain(other.id);
  });

  test("take no cursor of another list, filter or hand", async () => {
    for (let i = 0; i < 3; i++)
      await api.ask("POST /v1/jobs", { key: own.key, body: { type: "page", queue: "pages" } });
    const { json } = await api.ask("GET /v1/jobs?limit=1&queue=pages", { key: own.key });
    const cursor = json.nextCursor;
    expect((await api.ask(`GET /v1/jobs?limit=1&queue=pages&cursor=${cursor}`, { key: own.key })).status).toBe(200);
    for (const path of [
      `/v1/jobs?cursor=${cursor}`,
      `/v1/keys?cursor=${cursor}`,
      `/v1/jobs?queue=pages&cursor=${cursor}x`,
      "/v1/jobs?cursor=nonsense",
    ]) {
      const reply = await api.ask(`GET ${path}`, { key: own.key });
      expect([path, reply.status]).toEqual([path, 422]);
      expect(reply.json.errors[0]).toMatchObject({ path: "cursor", code: "invalid_cursor" });
    }
  });
});

describe("every answer", () => {
  const cases = () => [
    ...operations.map((operation) => requestOf(operation, randomUUID())),
    { what: "GET /nowhere", body: undefined },
    { what: "PUT /v1/jobs", body: undefined },
    { what: "OPTIONS /v1/jobs", body: undefined },
    { what: "OPTIONS /nowhere", body: undefined },
  ];

  test("carries the caller's trace id where it is sane, else the traceparent's, else a new one", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = [
      [{ "x-trace-id": "my.trace_1-a" }, "my.trace_1-a"],
      [{ "x-trace-id": "my.trace_1-a", traceparent }, "my.trace_1-a"],
      [{ traceparent }, "0af7651916cd43dd8448eb211c80319c"],
      [{ "x-trace-id": "not sane", traceparent }, "0af7651916cd43dd8448eb211c80319c"],
      [{ "x-trace-id": "x".repeat(129) }, expect.stringMatching(/^[0-9a-f]{32}$/)],
      [{ "x-trace-id": "a/b" }, expect.stringMatching(/^[0-9a-f]{32}$/)],
      [{}, expect.stringMatching(/^[0-9a-f]{32}$/)],
    ] as const;
    for (const { what, body } of cases()) {
      for (const [given, expected] of headers) {
        const reply = await api.ask(what, { headers: given, body });
        expect([what, reply.headers.get("x-trace-id")]).toEqual([what, expected]);
        if (reply.status >= 400) expect(reply.json.traceId).toBe(reply.headers.get("x-trace-id"));
      }
    }
  });

  test("can't be sniffed, framed or kept", async () => {
    for (const { what, body } of cases()) {
      const { headers } = await api.ask(what, { body });
      expect([what, headers.get("x-content-type-options")]).toEqual([what, "nosniff"]);
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect([what, headers.get("cache-control")]).toEqual([what, "no-store"]);
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("to a method that its path lacks is 405 with those that it has, and OPTIONS says the same", async () => {
    const paths = new Map<string, Set<string>>();
    for (const { method, path } of operations) {
      const methods = paths.get(path) ?? new Set(["OPTIONS"]);
      methods.add(method);
      if (method === "GET") methods.add("HEAD");
      paths.set(path, methods);
    }
    for (const [path, methods] of paths) {
      const concrete = path.replaceAll(/\{\w+\}/g, randomUUID());
      // Both `/v1/jobs/batch` and `/v1/jobs/{id}` match the former.
      const pattern = path.includes("{") ? path : path.replace(/^(\/v1\/(?:jobs|schedules)\/)[^/]+$/, "$1{id}");
      const others = paths.get(pattern) ?? paths.get(pattern.replace("{id}", "{name}")) ?? [];
      const expected = new Set([...methods, ...others]);
      const lacking = ["PUT", "PATCH", "DELETE", "POST"].find((method) => !expected.has(method));
      const allow = [...expected].toSorted().join(", ");
      const refused = await api.ask(`${lacking} ${concrete}`);
      expect([path, refused.status, refused.json.code, refused.headers.get("allow")]).toEqual([
        path,
        405,
        "METHOD_NOT_ALLOWED",
        allow,
      ]);
      const options = await api.ask(`OPTIONS ${concrete}`);
      expect([path, options.status, options.headers.get("allow"), options.text]).toEqual([path, 204, allow, ""]);
    }
  });

  test("to HEAD is that of GET without a body", async () => {
    for (const operation of operations.filter(({ method }) => method === "GET")) {
      const { what } = requestOf(operation, randomUUID());
      const get = await api.ask(what);
      const head = await api.ask(what.replace("GET", "HEAD"));
      expect([what, head.status, head.headers.get("content-type")]).toEqual([
        what,
        get.status,
        get.headers.get("content-type"),
      ]);
      expect(head.text).toBe("");
    }
  });

  test("to a path that differs by a slash, a dot or an escape is 404, never a way round the key", async () => {
    for (const path of [
      "/v1/jobs/",
      "//v1/jobs",
      "/v1//jobs",
      "/V1/jobs",
      "/v1/jobs%2F",
      "/v1/%2e%2e/v1/keys/",
      "/v1/jobs;a=b",
      "/",
      "/v1",
      "/docs/..%2f..%2fpackage.json",
      "/docs/swagger-ui.css.map",
    ]) {
      const reply = await api.ask(`GET ${path}`);
      expect([path, reply.status, reply.json.code]).toEqual([path, 404, "NOT_FOUND"]);
    }
  });
});
