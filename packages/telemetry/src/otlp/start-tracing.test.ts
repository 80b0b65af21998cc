import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it, vi } from "vitest";

import { createLogger } from "../logs/create-logger.ts";
import { isTracing } from "../tracing/is-tracing.ts";
import { startSpan } from "../tracing/start-span.ts";
import { queuedSpansMax } from "./batch-spans.ts";
import { startTracing, type Tracing, type TracingOptions } from "./start-tracing.ts";

interface Export {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const batchSpans = 512;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A collector that answers with these statuses in turn, the last one for ever; 0 is no answer at all. */
async function startCollector(...statuses: readonly number[]) {
  const exports: Export[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const status = statuses[Math.min(exports.length, statuses.length - 1)] ?? 200;
      exports.push({ url: request.url, headers: request.headers, body });
      if (status !== 0) response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { exports, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function start(
  options: Partial<TracingOptions>,
): Promise<{ tracing: Tracing; lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    service: "test",
    profile: "test",
    level: "info",
    format: "json",
    destination: { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) },
  });
  const tracing = await startTracing({
    service: "test-service",
    version: "1.2.3",
    endpoint: undefined,
    headers: [],
    sampleRatio: 1,
    exportTimeoutMs: 30_000,
    closeMs: 30_000,
    trustsCallers: true,
    logger,
    ...options,
  });
  closers.push(() => tracing.close());
  return { tracing, lines };
}

/** Ends as many spans as are exported at once. */
function endBatch(): void {
  for (let index = 0; index < batchSpans; index++) startSpan("work").end();
}

describe("tracing", () => {
  it("is off without an endpoint", async () => {
    await start({});
    expect(isTracing()).toBe(false);
  });

  it("posts what is left as OTLP when it is closed, with the headers and who it is from, and is off then", async () => {
    const { url, exports } = await startCollector(200);
    const { tracing } = await start({ endpoint: `${url}/base/`, headers: [["x-token", "abc"]] });
    startSpan("work", { attributes: { long: "x".repeat(5_000) } }).end();
    await tracing.close();
    expect(isTracing()).toBe(false);
    expect(exports).toHaveLength(1);
    expect(exports[0]).toMatchObject({ url: "/base/v1/traces", headers: { "x-token": "abc" } });
    const text = (stringValue: unknown) => ({ stringValue });
    expect(JSON.parse(exports[0]?.body ?? "")).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: text("test-service") },
              { key: "service.version", value: text("1.2.3") },
              { key: "service.instance.id", value: text(expect.stringMatching(/^[\da-f-]{36}$/)) },
            ],
          },
          scopeSpans: [{ spans: [{ name: "work", attributes: [{ key: "long", value: text("x".repeat(1_024)) }] }] }],
        },
      ],
    });
  });

  it("takes nothing from the environment, which may be meant for another collector", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=theirs");
    vi.stubEnv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-theirs=1");
    vi.stubEnv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    const { url, exports } = await startCollector(200);
    const { tracing } = await start({ endpoint: url });
    expect(process.env["OTEL_EXPORTER_OTLP_HEADERS"]).toBe("authorization=theirs");
    startSpan("work").end();
    await tracing.close();
    expect(exports).toHaveLength(1);
    for (const name of ["authorization", "x-theirs", "content-encoding"]) {
      expect(exports[0]?.headers).not.toHaveProperty(name);
    }
  });

  it("tells of an outage once, and of its end with what was lost", async () => {
    const { url, exports } = await startCollector(400, 400, 200);
    const { lines } = await start({ endpoint: url });
    for (const count of [1, 2, 3]) {
      endBatch();
      await vi.waitFor(() => expect(exports).toHaveLength(count));
      // The next batch goes once the answer to this one is in.
      await vi.waitFor(() => expect(lines).toHaveLength(count === 3 ? 2 : 1));
    }
    expect(lines).toMatchObject([
      { level: "warn", url: `${url}/v1/traces` },
      { level: "info", count: 2 * batchSpans },
    ]);
  });

  it("tells of spans that don't fit into the queue at once, and of their number later", async () => {
    const { url, exports } = await startCollector(0);
    const { tracing, lines } = await start({ endpoint: url, exportTimeoutMs: 60_000, closeMs: 10 });
    endBatch();
    await vi.waitFor(() => expect(exports).toHaveLength(1));
    for (let index = 0; index < queuedSpansMax; index++) startSpan("fits").end();
    expect(lines).toEqual([]);
    for (let index = 0; index < 7; index++) startSpan("is dropped").end();
    expect(lines).toMatchObject([{ level: "warn", url: `${url}/v1/traces` }]);
    await tracing.close();
    expect(lines).toMatchObject([{}, { level: "warn", url: `${url}/v1/traces`, count: 7 }]);
  });

  it("does not wait for a collector that never answers", async () => {
    const { url, exports } = await startCollector(0);
    const { tracing } = await start({ endpoint: url, exportTimeoutMs: 60_000, closeMs: 10 });
    endBatch();
    startSpan("last").end();
    await vi.waitFor(() => expect(exports).toHaveLength(1));
    await tracing.close();
    expect(isTracing()).toBe(false);
  });

  it("leaves the provider of the app around in its place", async () => {
    const { url, exports } = await startCollector(200);
    await start({ endpoint: url });
    const second = await start({ endpoint: url, service: "second" });
    expect(second.lines).toMatchObject([{ level: "warn" }]);
    await second.tracing.close();
    expect(isTracing()).toBe(true);
    expect(exports).toEqual([]);
  });
});
