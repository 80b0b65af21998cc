import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { afterEach, expect, test } from "vitest";

import { loadConfig } from "@millrace/config";
import { createMetrics, type Metrics, silentLogger } from "@millrace/telemetry";

import { createHttpServer, type HttpServer } from "./server.ts";

/** More than the operating system's buffers take. */
const large = `${"x".repeat(40 * 1024 * 1024)}the end`;

let metrics: Metrics;
let late: PromiseWithResolvers<void>;
let server: HttpServer | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.destroy();
  await server?.stop(0);
});

/** A connection to a server that answers `/large` with many bytes, and everything else once `late` resolves. */
async function open(stalledMs: number): Promise<Socket> {
  const { config } = loadConfig({
    sections: ["server"],
    env: { MILLRACE_PROFILE: "test" },
    cwd: import.meta.dirname,
    overrides: { "server.port": { value: 0, source: "the test" } },
  });
  late = Promise.withResolvers();
  metrics = createMetrics({ service: "api", version: "0", defaultMetrics: false });
  server = createHttpServer({
    async fetch(request: Request) {
      if (request.url.endsWith("/large")) return new Response(large);
      await late.promise;
      return new Response("at last");
    },
    methods: [],
    config: config.server,
    logger: silentLogger,
    metrics,
    stalledMs,
  });
  const opened = connect(Number(new URL(await server.listen()).port), "127.0.0.1");
  opened.on("error", () => undefined);
  socket = opened.pause();
  return socket;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Reads until the text has come or the connection has ended, with pauses of `pauseMs` in between; how many characters there were. */
async function read(from: Socket, until: string, pauseMs: number): Promise<number> {
  let characters = 0;
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    const text = (chunk as Buffer).toString("latin1");
    characters += text.length;
    if (text.includes(until)) break;
    await delay(pauseMs);
  }
  return characters;
}

test("a client that reads nothing of its answer is cut off", async () => {
  const client = await open(300);
  client.write(get("/large"));
  const seen = async () => (await metrics.render()).body;
  await expect.poll(seen).toMatch(/http_requests_total\{.*status="499"\} 1/);
  await expect(read(client, "nothing that comes", 0)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test(
  "a client that reads slowly gets its answer, and the one behind it however long that takes to come",
  { timeout: 120_000 },
  async () => {
    // Well above the pauses between two reads, and well below what all of them take.
    const stalledMs = 1_000;
    const client = await open(stalledMs);
    client.write(get("/large") + get("/late"));
    const startMs = performance.now();
    expect(await read(client, "the end", 4)).toBeGreaterThan(large.length);
    expect(performance.now() - startMs).toBeGreaterThan(2 * stalledMs);
    await delay(2 * stalledMs);
    late.resolve();
    expect(await read(client, "at last", 0)).toBeGreaterThan(0);
  },
);
