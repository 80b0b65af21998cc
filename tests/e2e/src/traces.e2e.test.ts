import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { freePort } from "@millrace/storage/testing";

import { type ApiProcess, startApi } from "./processes/start-api.ts";
import type { RunningProcess } from "./processes/start-process.ts";
import { startWorker } from "./processes/start-worker.ts";
import { openStage, type Stage } from "./testing/stage.ts";
import { type ExportedSpan, startCollector } from "./testing/start-collector.ts";
import { startEvents } from "./testing/start-events.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callerSpanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${callerSpanId}-01`;
const loopback = { MILLRACE_WORKER_HTTP_REQUEST_ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8" };

const endpointEnv = (endpoint: string) => ({ MILLRACE_TELEMETRY_TRACING_ENDPOINT: endpoint });

/** A server that others call, and the headers that it got. */
async function startReceiver(stage: Stage) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end("ok");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stage.own({
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Enqueues as a caller whose trace is recorded. */
async function enqueue({ url }: ApiProcess, body: object, headers: Readonly<Record<string, string>> = { traceparent }) {
  const response = await fetch(`${url}/v1/jobs`, {
    method: "POST",
    headers: { authorization: "Bearer alpha-key", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { readonly id: string };
  return { id, traceId: response.headers.get("x-trace-id"), traceparent: response.headers.get("traceparent") };
}

/** What is left in a process is exported as it ends. */
async function stop(...processes: readonly RunningProcess[]) {
  for (const running of processes) running.signal("SIGTERM");
  const exits = await Promise.all(processes.map(({ exited }) => exited));
  expect(exits).toEqual(processes.map(() => ({ code: 0, signal: null })));
}

/** One line a span, deeper than its parent's; siblings by name. */
function treeBelow(spans: readonly ExportedSpan[], parentId: string | undefined, depth = 0): readonly string[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .flatMap(({ service, name, kind, spanId }) => [
      `${"  ".repeat(depth)}${service} ${kind}: ${name}`,
      ...treeBelow(spans, spanId, depth + 1),
    ]);
}

test("a job is one trace from its caller to whom it calls, and events from their ingest to a query, over all processes", async (context) => {
  const stage = await openStage(context);
  const collector = await startCollector(stage);
  const receiver = await startReceiver(stage);
  const events = await startEvents(stage, {
    ...loopback,
    ...endpointEnv(collector.url),
    MILLRACE_TELEMETRY_TRACING_HEADERS: "x-token=secret%2Ctoken",
  });
  const { api } = events;
  const worker = await events.startWorker("worker-1");
  const untraced = api.client();
  const traced = api.client({ headers: () => ({ traceparent }) });
  await untraced.tables.create({ name: "clicks", columns: [{ name: "page", type: "varchar" }] });

  const enqueued = await enqueue(api, {
    type: "http.request",
    queue: "hooks",
    payload: {
      url: `${receiver.url}/secret-path?key=secret-key`,
      headers: { authorization: "secret-authorization" },
      body: { card: "secret-card" },
    },
  });
  expect(enqueued.traceId).toBe(traceId);
  await expect.poll(async () => (await untraced.jobs.get(enqueued.id)).status, { timeout: 60_000 }).toBe("completed");
  const { visibilityToken } = await traced.ingest("clicks", [
    { idempotencyKey: "secret-idempotency", payload: { page: "secret-page" } },
    { idempotencyKey: "secret-other", payload: { page: "/" } },
  ]);
  const sql = "select count(*)::int as n from clicks where page = $1 or page = 'secret-literal'";
  const answer = await traced.query(sql, {
    params: ["secret-page"],
    minVisibilityToken: visibilityToken!,
    consistencyTimeoutMs: 60_000,
  });
  expect(await answer.all()).toEqual([{ n: 1 }]);
  expect((await fetch(`${api.url}/v1/health`)).status).toBe(200);
  await stop(api, worker);

  const spans = collector.spans().filter((span) => span.traceId === traceId);
  expect(treeBelow(spans, callerSpanId)).toEqual([
    "millrace-api server: POST /v1/ingest/{table}",
    "  millrace-api producer: send clicks",
    "millrace-api server: POST /v1/jobs",
    "  millrace-api producer: send hooks",
    "    millrace-worker client: receive hooks",
    "      millrace-worker consumer: process hooks",
    "        millrace-worker client: POST",
    "        millrace-worker client: settle hooks",
    "millrace-api server: POST /v1/query",
    "  millrace-api internal: query",
    "    millrace-api internal: await visibility",
    "    millrace-api client: execute",
  ]);
  expect(spans).toHaveLength(12);
  expect(spans.filter(({ failed }) => failed)).toEqual([]);
  const one = (name: string) => spans.find((span) => span.name === name);
  expect(one("POST /v1/jobs")?.attributes).toEqual({
    "http.request.method": "POST",
    "http.route": "/v1/jobs",
    "http.response.status_code": 201,
    "url.scheme": "http",
    "url.path": "/v1/jobs",
    "user_agent.original": "node",
    "network.protocol.version": "1.1",
    "millrace.tenant": "alpha",
  });
  const message = {
    "messaging.system": "millrace",
    "messaging.destination.name": "hooks",
    "messaging.message.id": enqueued.id,
    "millrace.tenant": "alpha",
    "millrace.job.type": "http.request",
  };
  expect(one("send hooks")?.attributes).toMatchObject({ ...message, "messaging.operation.type": "send" });
  expect(one("receive hooks")?.attributes).toMatchObject({ ...message, "messaging.operation.type": "receive" });
  expect(one("process hooks")?.attributes).toMatchObject({
    ...message,
    "messaging.operation.type": "process",
    "millrace.job.attempt": 1,
  });
  expect(one("POST")?.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "server.address": "127.0.0.1",
  });
  expect(one("send clicks")?.attributes).toMatchObject({
    "messaging.system": "millrace",
    "messaging.operation.type": "send",
    "messaging.destination.name": "clicks",
    "messaging.batch.message_count": 2,
  });
  expect(one("execute")?.attributes).toMatchObject({ "db.system.name": "duckdb", "db.response.returned_rows": 1 });

  // What each of them tells its own callers and those whom it calls is its span.
  expect(enqueued.traceparent).toBe(`00-${traceId}-${one("POST /v1/jobs")?.spanId}-01`);
  expect(receiver.seen).toMatchObject([{ traceparent: `00-${traceId}-${one("POST")?.spanId}-01` }]);

  const all = collector.spans();
  expect(all.filter(({ attributes }) => String(attributes["url.path"]).startsWith("/v1/health"))).toEqual([]);
  expect(collector.received()).not.toContain("secret");
  expect(collector.received()).not.toContain("alpha-key");
  expect(new Set(collector.headers().map((headers) => headers["x-token"]))).toEqual(new Set(["secret,token"]));
});

test("a caller that has no trace gets one that begins here, under the id that the answer names", async (context) => {
  const stage = await openStage(context);
  const collector = await startCollector(stage);
  const { url: databaseUrl } = await stage.database();
  const api = await startApi(stage, { databaseUrl, env: endpointEnv(collector.url) });
  const own = "0af7651916cd43dd8448eb211c80319c";
  const nameless = await enqueue(api, { type: "e2e.one" }, {});
  const named = await enqueue(api, { type: "e2e.one" }, { "x-trace-id": own });
  const free = await enqueue(api, { type: "e2e.one" }, { "x-trace-id": "order-42" });
  expect([named.traceId, free.traceId]).toEqual([own, "order-42"]);
  const missing = await fetch(`${api.url}/nowhere/secret?key=secret`);
  expect(missing.status).toBe(404);
  await stop(api);

  const roots = collector.spans().filter(({ kind }) => kind === "server");
  expect(roots.map(({ name, parentId }) => [name, parentId])).toEqual([
    ["POST /v1/jobs", undefined],
    ["POST /v1/jobs", undefined],
    ["POST /v1/jobs", undefined],
    ["GET", undefined],
  ]);
  expect(roots.slice(0, 2).map((span) => span.traceId)).toEqual([nameless.traceId, own]);
  expect(roots[2]?.attributes).toMatchObject({ "millrace.trace_id": "order-42" });
  expect(roots[3]?.attributes).toMatchObject({ "http.response.status_code": 404, "url.path": "/nowhere/secret" });
});

test("the ratio decides, whatever a caller says; who is left out is left out everywhere", async (context) => {
  const stage = await openStage(context);
  const collector = await startCollector(stage);
  const { url: databaseUrl } = await stage.database();
  const env = endpointEnv(collector.url);
  const nothing = await startApi(stage, {
    databaseUrl,
    env: { ...env, MILLRACE_TELEMETRY_TRACING_SAMPLE_RATIO: "0" },
  });
  const everything = await startApi(stage, { databaseUrl, name: "api-2", env });
  const receiver = await startReceiver(stage);
  // It would record all; what the API left out, it leaves out.
  const worker = await startWorker(stage, { databaseUrl, name: "worker-1", env: { ...loopback, ...env } });
  const job = { type: "http.request", queue: "hooks", payload: { url: receiver.url } };

  const refused = await enqueue(nothing, job);
  const declined = await enqueue(everything, job, { traceparent: traceparent.replace(/01$/, "00") });
  await expect.poll(() => receiver.seen.length, { timeout: 60_000 }).toBe(2);
  await stop(nothing, everything, worker);

  const flagless = expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  expect([refused.traceparent, declined.traceparent]).toEqual([flagless, flagless]);
  expect(receiver.seen.map((headers) => headers.traceparent)).toEqual([flagless, flagless]);
  expect(collector.spans().filter((span) => span.traceId === traceId)).toEqual([]);
});

test("a collector that is not there changes nothing but one line of the log", async (context) => {
  const stage = await openStage(context);
  const { url: databaseUrl } = await stage.database();
  const env = {
    ...endpointEnv(`http://127.0.0.1:${await freePort()}`),
    MILLRACE_TELEMETRY_TRACING_EXPORT_TIMEOUT_MS: "100ms",
  };
  const api = await startApi(stage, { databaseUrl, env });
  const worker = await startWorker(stage, { databaseUrl, name: "worker-1", env });
  const client = api.client();
  const isTold = ({ msg }: { readonly msg?: unknown }) => String(msg).startsWith("Spans could not be exported");
  for (const processes of [[api, worker], []]) {
    const { id } = await enqueue(api, { type: "e2e.one" });
    await expect.poll(async () => (await client.jobs.get(id)).status, { timeout: 60_000 }).toBe("completed");
    await Promise.all(processes.map(({ line }) => line(isTold)));
  }
  await stop(api, worker);
  for (const { lines } of [api, worker]) expect(lines().filter(isTold)).toHaveLength(1);
});

test("without an endpoint nothing of OpenTelemetry's SDK is loaded, and with one it is", async (context) => {
  const stage = await openStage(context);
  const collector = await startCollector(stage);
  const { url: databaseUrl } = await stage.database();
  const listed = (name: string) => ({
    NODE_OPTIONS: `--import=${new URL("processes/list-modules.ts", import.meta.url).href}`,
    E2E_MODULES: join(stage.folder, `${name}.modules`),
  });
  const [plainApi, plainWorker, tracingApi] = await Promise.all([
    startApi(stage, { databaseUrl, name: "api-1", env: listed("plain-api") }),
    startWorker(stage, { databaseUrl, name: "worker-1", env: listed("plain-worker") }),
    startApi(stage, { databaseUrl, name: "api-2", env: { ...listed("tracing-api"), ...endpointEnv(collector.url) } }),
  ]);
  const { id } = await enqueue(plainApi, { type: "e2e.one" });
  await expect.poll(async () => (await plainApi.client().jobs.get(id)).status, { timeout: 60_000 }).toBe("completed");
  await stop(plainApi, plainWorker);
  expect(collector.received()).toBe("");
  await stop(tracingApi);

  const hasSdk = async (name: string) => {
    const urls = (await readFile(join(stage.folder, `${name}.modules`), "utf8")).split("\n");
    expect(urls.some((url) => url.includes("/@opentelemetry/api/"))).toBe(true);
    return urls.some((url) => /\/@opentelemetry\/(?!api\/)/.test(url));
  };
  expect(await hasSdk("plain-api")).toBe(false);
  expect(await hasSdk("plain-worker")).toBe(false);
  expect(await hasSdk("tracing-api")).toBe(true);
});
