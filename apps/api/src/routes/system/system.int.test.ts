import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { type TestDatabase, startTcpProxy, testDatabase } from "@millrace/storage/testing";

import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
});
afterAll(async () => {
  await api.close();
  await database.close();
});

describe("GET /v1/ready", () => {
  test("200: names what it has asked", async () => {
    await expect.poll(async () => (await api.ask("GET /v1/ready")).status).toBe(200);
    const { json } = await api.ask("GET /v1/ready");
    expect(json).toEqual({
      status: "ready",
      checks: [
        { name: "database", ok: true },
        { name: "schema", ok: true },
        { name: "serving", ok: true },
      ],
    });
  });

  test("503: a database that does not answer is named within the time limit; health goes on, and recovery is seen", async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(database.url).port) });
    const behind = await startTestApi({ database, databaseUrl: proxy.through(database.url) });
    await expect.poll(async () => (await behind.ask("GET /v1/ready")).status).toBe(200);
    proxy.blackHole();
    const startMs = performance.now();
    const reply = await behind.ask("GET /v1/ready");
    // A statement has half a minute.
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect([reply.status, reply.json.code]).toEqual([503, "UNAVAILABLE"]);
    expect(reply.json.checks).toEqual([
      { name: "database", ok: false, problem: expect.any(String) },
      { name: "schema", ok: false, problem: expect.any(String) },
      { name: "serving", ok: true },
    ]);
    expect(reply.headers.get("retry-after")).toBe("1");
    expect((await behind.ask("GET /v1/health")).status).toBe(200);
    proxy.heal();
    await expect.poll(async () => (await behind.ask("GET /v1/ready")).status).toBe(200);
    // What still waits for an answer that was swallowed.
    proxy.cut();
    await behind.close();
    await proxy.close();
  });

  test("503: a schema that lacks a migration is named", async () => {
    const bare = await testDatabase();
    const old = await startTestApi({ database: bare });
    await bare.database.query({ name: "test", text: "delete from millrace.schema_migrations where version = 2" });
    const asked = async () => {
      const { status, json } = await old.ask("GET /v1/ready");
      return [status, json.checks[1]];
    };
    const schema = { name: "schema", ok: false, problem: expect.stringContaining("migration 2") };
    await expect.poll(asked).toEqual([503, schema]);
    await old.close();
    await bare.close();
  });

  test("many probes at once cost one question", async () => {
    const goOn = Promise.withResolvers<void>();
    const asked: string[] = [];
    const probed = await startTestApi({
      database,
      replace(composition) {
        const { checkReady, db } = composition;
        const { ping } = db;
        vi.spyOn(db, "ping").mockImplementation(async (options) => {
          asked.push("database");
          await goOn.promise;
          await ping(options);
        });
        return { ...composition, checkReady: () => (asked.push("probe"), checkReady()) };
      },
    });
    const probes = Promise.all(Array.from({ length: 50 }, () => probed.ask("GET /v1/ready")));
    const count = (what: string) => asked.filter((one) => one === what).length;
    await expect.poll(() => count("probe")).toBe(50);
    goOn.resolve();
    await probes;
    expect(count("database")).toBe(1);
    await probed.close();
  });
});

describe("GET /v1/health", () => {
  test("200: asks nothing of anybody", async () => {
    const nowhere = await startTestApi({ database, databaseUrl: "postgres://nobody@127.0.0.1:1/none" });
    expect((await nowhere.ask("GET /v1/health")).json).toEqual({ status: "ok" });
    expect((await nowhere.ask("GET /v1/ready")).status).toBe(503);
    expect((await nowhere.ask("GET /v1/queues", { key: "mr_live_nonsense" })).status).toBe(401);
    await nowhere.close();
  });
});

describe("GET /v1/metrics", () => {
  test("200: counts requests by method, route pattern and status, without a tenant", async () => {
    const { key } = await api.makeKey();
    await api.ask("GET /v1/jobs/00000000-0000-7000-8000-000000000000", { key });
    const { text, headers } = await api.ask("GET /v1/metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=/);
    expect(text).toContain('millrace_http_requests_total{method="GET",route="/v1/jobs/{id}",status="404"} 1');
    expect(text).toMatch(/millrace_http_request_duration_seconds_bucket\{.*route="\/v1\/jobs\/\{id\}"/);
    expect(text).toMatch(/millrace_build_info\{service="api",version="[^"]+"/);
    expect(text).toMatch(/millrace_db_pool_open_connections [1-9]/);
    expect(text).not.toContain("acme");
  });

  test("404: where metrics are off it is nowhere, not in the documentation either, and the rest is as it was", async () => {
    const without = await startTestApi({ database, servesMetrics: false });
    expect((await fetch(`${without.url}/v1/metrics`)).status).toBe(404);
    expect((await without.ask("GET /v1/health")).status).toBe(200);
    const { text } = await without.ask("GET /v1/openapi.json");
    expect(text).not.toContain('"/v1/metrics"');
    await without.close();
  });
});

describe("logs", () => {
  test("have one line a request, with its route, tenant and trace; probes only for debugging", async () => {
    const { key } = await api.makeKey();
    await api.ask("GET /v1/queues", { key, headers: { "x-trace-id": "logged-1" } });
    await api.ask("GET /v1/health", { headers: { "x-trace-id": "logged-2" } });
    const lines = api.logs.filter((line) => String(line["traceId"]).startsWith("logged-"));
    expect(lines).toEqual([
      expect.objectContaining({
        level: "info",
        msg: "Request",
        method: "GET",
        route: "/v1/queues",
        status: 200,
        tenant: "acme",
        durationMs: expect.any(Number),
        traceId: "logged-1",
      }),
      expect.objectContaining({ level: "debug", route: "/v1/health", traceId: "logged-2" }),
    ]);
  });

  test("never hold what a request has sent", async () => {
    const { key } = await api.makeKey();
    const secret = "canary-5f1c";
    await api.ask(`GET /v1/jobs?tag=${secret}&${secret}=1`, { key });
    await api.ask("POST /v1/jobs", {
      key,
      body: `{"type":"t","payload":{"password":"${secret}"}}`,
      headers: { "x-custom": secret },
    });
    await api.ask("POST /v1/jobs", { key, body: `{"type":${secret}` });
    await api.ask(`GET /${secret}`, { key: secret });
    expect(JSON.stringify(api.logs)).not.toContain(secret);
    expect(JSON.stringify(api.logs)).not.toContain(key);
  });
});

describe("an unforeseen fault", () => {
  test("500: says nothing but its trace, which leads to a log line that says all", async () => {
    const broken = await startTestApi({
      database,
      replace: (composition) => ({
        ...composition,
        store: { ...composition.store, queueStats: () => Promise.reject(new TypeError("internal wiring of acme")) },
      }),
    });
    const { key } = await broken.makeKey();
    const reply = await broken.ask("GET /v1/queues", { key });
    expect([reply.status, reply.json.code]).toEqual([500, "INTERNAL"]);
    expect(reply.text).not.toContain("wiring");
    expect(broken.logs.find(({ level }) => level === "error")).toMatchObject({
      traceId: reply.headers.get("x-trace-id"),
      tenant: "acme",
      err: { type: "TypeError", message: "internal wiring of acme", stack: expect.stringContaining("at ") },
    });
    await broken.close();
  });
});

describe("CORS", () => {
  const preflight = {
    origin: "https://app.example.com",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };

  test("is off unless origins are named", async () => {
    const reply = await api.ask("OPTIONS /v1/jobs", { headers: preflight });
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("lets the named origins in, exactly, and nobody else", async () => {
    const open = await startTestApi({ database, values: { "server.corsOrigins": "https://app.example.com" } });
    const allowed = await open.ask("OPTIONS /v1/jobs", { headers: preflight });
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
    expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
    const answer = await open.ask("GET /v1/jobs", { headers: { origin: "https://app.example.com" } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(answer.headers.get("access-control-expose-headers")).toContain("X-Trace-ID");
    expect(answer.headers.get("x-trace-id")).not.toBeNull();
    for (const origin of [
      "https://evil.example.com",
      "https://app.example.com.evil.com",
      "http://app.example.com",
      "null",
    ]) {
      const refused = await open.ask("GET /v1/health", { headers: { origin } });
      expect([origin, refused.headers.get("access-control-allow-origin")]).toEqual([origin, null]);
    }
    await open.close();
  });
});

describe("GET /docs", () => {
  test("200: a page that loads nothing from elsewhere", async () => {
    const page = await api.ask("GET /docs");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    expect(parts).toEqual(["/docs/swagger-ui.css", "data:,", "/docs/swagger-ui-bundle.js", "/docs/start.js"]);
    for (const path of parts.filter((part) => part?.startsWith("/"))) {
      const part = await api.ask(`GET ${path}`);
      expect([path, part.status]).toEqual([path, 200]);
      expect(part.headers.get("content-type")).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    }
    expect((await api.ask("GET /docs/start.js")).text).toContain('"/v1/openapi.json"');
  });
});

describe("GET /v1/openapi.json", () => {
  test("200: OpenAPI 3.1 whose references all lead somewhere", async () => {
    const { json, text } = await api.ask("GET /v1/openapi.json");
    expect(json.openapi).toBe("3.1.0");
    const names = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? ""));
    expect(names.size).toBeGreaterThan(10);
    for (const name of names) expect(json).toHaveProperty(["components", "schemas", name]);
  });
});
