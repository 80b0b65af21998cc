import { createServer } from "node:net";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { openSocket, parseReply } from "./testing/open-socket.ts";
import { passTime } from "./testing/pass-time.ts";
import { type TestApi, startTestApi } from "./testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;
let key: string;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({
    database,
    values: {
      "server.headerBytesMax": 8_192,
      "server.bodyBytesMax": 10_000,
      "server.batchBodyBytesMax": 20_000,
    },
  });
  ({ key } = await api.makeKey());
});
afterAll(async () => {
  await api.close();
  await database.close();
});

/** Sends the text on a connection of its own; the answer, once the server has closed it. */
async function exchange(text: string, of = api) {
  const socket = await openSocket(of.port);
  socket.send(text);
  const reply = parseReply(await socket.closed());
  socket.destroy();
  return reply;
}

function post(body: string, headers: string): string {
  return `POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
}

/** What every refusal must be, wherever it comes from. */
function expectProblem(
  reply: { status: number; headers: Readonly<Record<string, string>>; body: string },
  code: string,
) {
  const problem = JSON.parse(reply.body) as Record<string, unknown>;
  expect(problem).toMatchObject({ code, status: reply.status, traceId: reply.headers["x-trace-id"] });
  expect(reply.headers).toMatchObject({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/),
  });
}

describe("what is no HTTP", () => {
  test.each([
    ["no request line", "\0\0\0\r\n\r\n"],
    ["an unknown method", "FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a TLS greeting", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003"],
    ["a length and chunks", post("5\r\nhello\r\n0\r\n\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")],
    ["two lengths", post("hello", "Content-Length: 5\r\nContent-Length: 6\r\n")],
    ["a length that is no number", post("hello", "Content-Length: five\r\n")],
    ["a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"],
    ["a header folded over lines", "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded: 2\r\nX B: 3\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["a bare carriage return", "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n\r\n"],
    ["chunks of no size", post("zz\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n")],
    ["no Host", "GET /v1/health HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["an invalid Host", "GET /v1/health HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n"],
    ["a backslash in the path", "GET /v1\\health HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n"],
  ])("%s is a 400 like any other", async (_, text) => {
    const reply = await exchange(text);
    expect(reply.status).toBe(400);
    expectProblem(reply, "MALFORMED_REQUEST");
  });

  test("headers beyond the limit are a 431", async () => {
    const reply = await exchange(`GET /v1/health HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(8_192)}\r\n\r\n`);
    expect(reply.status).toBe(431);
    expectProblem(reply, "HEADERS_TOO_LARGE");
  });

  test("a path beyond the limit is a 431", async () => {
    const reply = await exchange(`GET /${"x".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(reply.status).toBe(431);
    expectProblem(reply, "HEADERS_TOO_LARGE");
  });

  test("CONNECT is a 405", async () => {
    const reply = await exchange("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    expect(reply.status).toBe(405);
    expect(reply.headers["allow"]).toContain("GET");
    expectProblem(reply, "METHOD_NOT_ALLOWED");
  });

  test("OPTIONS of the server as a whole is a 204 that says what it takes", async () => {
    const reply = await exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(reply.status).toBe(204);
    expect(reply.headers).toMatchObject({
      allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
      "x-trace-id": expect.any(String),
    });
    expectProblem(await exchange("OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n"), "MALFORMED_REQUEST");
    expectProblem(await exchange("GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "MALFORMED_REQUEST");
  });

  test("it is logged and counted", async () => {
    const reply = await exchange("nonsense\r\n\r\n");
    const traceId = reply.headers["x-trace-id"];
    expect(api.logs.find((line) => line["traceId"] === traceId && line["msg"] === "Request")).toMatchObject({
      status: 400,
      errorCode: "MALFORMED_REQUEST",
      route: "unmatched",
    });
    const { text } = await api.ask("GET /v1/metrics");
    expect(text).toMatch(/millrace_http_requests_total\{method="unknown",route="unmatched",status="400"\} [1-9]/);
  });

  test("a request behind a good one on the same connection does not take its answer away", async () => {
    const socket = await openSocket(api.port);
    socket.send(`GET /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\nnonsense\r\n\r\n`);
    const reply = parseReply(await socket.closed());
    expect(reply.status).toBe(200);
    socket.destroy();
  });
});

describe("what is too slow", () => {
  /** An API of its own: what is in time elsewhere may come as late as it likes. */
  let hasty: TestApi;
  beforeAll(async () => {
    hasty = await startTestApi({ database, values: { "server.headersTimeoutMs": 200 } });
  });
  afterAll(() => hasty.close());

  test("headers are a 408 after their time", async () => {
    const reply = await exchange("GET /v1/health HTTP/1.1\r\nHost: a\r\nX-Never:", hasty);
    expect(reply.status).toBe(408);
    expectProblem(reply, "REQUEST_TIMEOUT");
  });

  test("a body is a 408 after its time, with the trace of its request", async () => {
    const socket = await openSocket(api.port);
    socket.send(post("", "Content-Length: 100\r\nExpect: 100-continue\r\nX-Trace-ID: slow-body\r\n"));
    const goOn = await socket.receive(/100 Continue\r\n\r\n/);
    socket.send('{"type":');
    passTime(api.config.server.requestTimeoutMs);
    const reply = parseReply((await socket.closed()).slice(goOn.length));
    socket.destroy();
    expect(reply.status).toBe(408);
    expect(reply.headers["x-trace-id"]).toBe("slow-body");
    expect(JSON.parse(reply.body)).toMatchObject({ code: "REQUEST_TIMEOUT", traceId: "slow-body" });
    await expect
      .poll(() => api.logs.filter((line) => line["traceId"] === "slow-body" && line["msg"] === "Request"))
      .toEqual([expect.objectContaining({ status: 408, route: "/v1/jobs", errorCode: "REQUEST_TIMEOUT" })]);
  });

  test("a connection that says nothing is closed", async () => {
    const socket = await openSocket(hasty.port);
    expect(parseReply(await socket.closed()).status).toBe(408);
    socket.destroy();
  });
});

describe("a body", () => {
  const job = (payload: unknown) => JSON.stringify({ type: "t", payload });
  const ofBytes = (bytes: number) => job("x".repeat(bytes - job("").length));

  test("may have as many bytes as the limit says, and not one more", async () => {
    expect((await api.ask("POST /v1/jobs", { key, body: ofBytes(10_000) })).status).toBe(201);
    const reply = await api.ask("POST /v1/jobs", { key, body: ofBytes(10_001) });
    expect(reply.status).toBe(413);
    expect(reply.json).toMatchObject({ code: "PAYLOAD_TOO_LARGE", bytesMax: 10_000 });
  });

  test("is measured as it streams where its length is not said", async () => {
    const chunk = `${(1_000).toString(16)}\r\n${"x".repeat(1_000)}\r\n`;
    const socket = await openSocket(api.port);
    socket.send(post(chunk.repeat(10), "Transfer-Encoding: chunked\r\n"));
    socket.send(chunk);
    expect(parseReply(await socket.receive(/PAYLOAD_TOO_LARGE/)).status).toBe(413);
    socket.destroy();
  });

  test("has a limit of its own in a batch", async () => {
    const batch = (bytes: number) => `{"jobs":[${ofBytes(bytes - 11)}]}`;
    expect((await api.ask("POST /v1/jobs/batch", { key, body: batch(20_000) })).status).toBe(201);
    expect((await api.ask("POST /v1/jobs/batch", { key, body: batch(20_001) })).status).toBe(413);
  });

  test.each(["gzip", "x-gzip", "GZIP"])("is inflated where it says %s", async (encoding) => {
    const body = gzipSync(job({ zipped: true }));
    const reply = await api.ask("POST /v1/jobs", { key, body, headers: { "content-encoding": encoding } });
    expect(reply.status).toBe(201);
    expect(reply.json.payload).toEqual({ zipped: true });
  });

  test("that inflates beyond the limit is a 413, however small it came", async () => {
    const body = gzipSync(Buffer.alloc(50 * 1024 * 1024, " "));
    const reply = await api.ask("POST /v1/jobs/batch", { key, body, headers: { "content-encoding": "gzip" } });
    expect(reply.status).toBe(413);
  });

  test("may be gzip of exactly the limit, and not of a byte more", async () => {
    const headers = { "content-encoding": "gzip" };
    expect((await api.ask("POST /v1/jobs", { key, body: gzipSync(ofBytes(10_000)), headers })).status).toBe(201);
    expect((await api.ask("POST /v1/jobs", { key, body: gzipSync(ofBytes(10_001)), headers })).status).toBe(413);
  });

  test.each([
    ["no gzip at all", Buffer.from('{"type":"t"}')],
    ["gzip cut short", gzipSync('{"type":"t"}').subarray(0, -4)],
    ["gzip with a wrong checksum", corrupt(gzipSync('{"type":"t"}'))],
  ])("that says gzip and is %s is a 400", async (_, body) => {
    const reply = await api.ask("POST /v1/jobs", { key, body, headers: { "content-encoding": "gzip" } });
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({ code: "MALFORMED_JSON", detail: "The body is not valid gzip." });
  });

  test.each(["br", "deflate", "zstd", "gzip, gzip"])(
    "in the encoding %s is a 415 that names the one we take",
    async (encoding) => {
      const reply = await api.ask("POST /v1/jobs", { key, body: "x", headers: { "content-encoding": encoding } });
      expect(reply.status).toBe(415);
      expect(reply.json.code).toBe("UNSUPPORTED_MEDIA_TYPE");
      expect(reply.headers.get("accept-encoding")).toBe("gzip");
    },
  );

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "application/jsonx",
    "application/xml",
  ])("of the type %s is a 415", async (type) => {
    const reply = await api.ask("POST /v1/jobs", { key, body: '{"type":"t"}', headers: { "content-type": type } });
    expect(reply.status).toBe(415);
    expect(reply.headers.get("accept")).toBe("application/json");
  });

  test.each([
    "application/json",
    "APPLICATION/JSON",
    "application/json;charset=utf-8",
    'application/json; charset="UTF-8"',
  ])("of the type %s is taken", async (type) => {
    const reply = await api.ask("POST /v1/jobs", { key, body: '{"type":"t"}', headers: { "content-type": type } });
    expect(reply.status).toBe(201);
  });

  test("that a client asks leave for is sent only when it is wanted", async () => {
    const refused = await openSocket(api.port);
    refused.send(post("", "Content-Length: 20000\r\nExpect: 100-continue\r\n"));
    const reply = parseReply(await refused.closed());
    expect([reply.status, reply.headers["connection"]]).toEqual([413, "close"]);
    refused.destroy();

    const wanted = await openSocket(api.port);
    wanted.send(post("", "Content-Length: 12\r\nExpect: 100-continue\r\n"));
    await wanted.receive(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    wanted.send('{"type":"t"}');
    expect(await wanted.closed()).toContain("HTTP/1.1 201 Created");
    wanted.destroy();
  });

  test("that ends too early is a 400, for whoever still listens", async () => {
    const socket = await openSocket(api.port);
    socket.send(post('{"type":', "Content-Length: 100\r\nX-Trace-ID: ended-early\r\n"));
    socket.end();
    const reply = parseReply(await socket.closed());
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({
      code: "MALFORMED_REQUEST",
      detail: "The request ended before it was complete.",
    });
  });

  test("that goes with its client is nobody's error", async () => {
    const socket = await openSocket(api.port);
    socket.send(post('{"type":', "Content-Length: 100\r\nExpect: 100-continue\r\nX-Trace-ID: left-early\r\n"));
    await socket.receive(/100 Continue/);
    socket.reset();
    await expect.poll(() => api.logs.some((line) => line["traceId"] === "left-early")).toBe(true);
    const lines = api.logs.filter((line) => line["traceId"] === "left-early");
    expect(lines).toEqual([expect.objectContaining({ msg: "Request", status: 499 })]);
  });
});

describe("a connection", () => {
  test("of HTTP/1.0 without Host is served, for probes that know nothing newer", async () => {
    const reply = await exchange("GET /v1/health HTTP/1.0\r\n\r\n");
    expect(reply.status).toBe(200);
  });

  test("carries one request after another", async () => {
    const socket = await openSocket(api.port);
    const request = "GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n";
    socket.send(request + request);
    expect(await socket.receive(/(\{"status":"ok"\}[^]*){2}/)).toContain("HTTP/1.1 200 OK");
    socket.send("GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await socket.closed()).toContain("HTTP/1.1 404 Not Found");
    socket.destroy();
  });

  test("beyond their number is dropped", async () => {
    const narrow = await startTestApi({ database, values: { "server.connectionsMax": 1 } });
    const first = await openSocket(narrow.port);
    first.send("GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n");
    await first.receive(/"ok"/);
    const second = await openSocket(narrow.port);
    expect(await second.closed()).toBe("");
    first.destroy();
    second.destroy();
    await narrow.close();
  });
});

describe("a port that is taken", () => {
  test("is one clear sentence, and what was built is closed again", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    await expect(startTestApi({ database, values: { "server.port": port } })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use by another program; choose another with server.port (MILLRACE_SERVER_PORT).`,
    );
    other.close();
  });
});

function corrupt(zipped: Buffer): Buffer {
  const copy = Buffer.from(zipped);
  const at = copy.length - 8;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
