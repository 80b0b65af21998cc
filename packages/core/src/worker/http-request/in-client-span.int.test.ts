import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { inSpan } from "@millrace/telemetry";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import type { OutgoingRequest } from "./redirect.ts";
import { type Answer, send } from "./send.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let port = 0;
let seen: IncomingHttpHeaders[] = [];
let answer: (response: ServerResponse) => void;
const server = createServer(({ headers }, response) => {
  seen.push(headers);
  answer(response);
});
let recorder: SpanRecorder | undefined;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
beforeEach(() => {
  seen = [];
  answer = (response) => response.end("ok");
});
afterEach(async () => {
  recorder?.close();
  recorder = undefined;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function sendTo(path: string, changes: Partial<OutgoingRequest> = {}): Promise<Answer> {
  const url = new URL(path, `http://127.0.0.1:${port}`);
  const request = { method: "POST", url, headers: { traceparent }, body: "secret", ...changes };
  const resolve = () => Promise.resolve([]);
  const { signal } = new AbortController();
  return send(request, { allows: () => true, resolve, timeoutMs: 30_000, responseBytesMax: 1_000, signal });
}

test("a request's receiver hangs below the request's own span, which shows neither path nor query nor body", async () => {
  recorder = recordSpans();
  await inSpan("process", {}, () => sendTo("/services/secret?key=secret"));
  const [span] = recorder.named("POST");
  expect(span).toMatchObject({
    kind: "client",
    failed: false,
    parentId: recorder.named("process")[0]?.spanId,
    attributes: {
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": port,
      "url.full": `http://127.0.0.1:${port}/REDACTED`,
    },
  });
  expect(seen).toMatchObject([{ traceparent: span?.traceparent }]);
  expect(JSON.stringify(recorder.spans())).not.toContain("secret");
});

test("each hop of a redirect has its span", async () => {
  recorder = recordSpans();
  answer = (response) => {
    if (seen.length === 1) response.writeHead(307, { location: "/next" });
    response.end();
  };
  await sendTo("/");
  const spans = recorder.named("POST");
  expect(spans.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([307, 200]);
  expect(spans.map(({ attributes }) => attributes["http.request.resend_count"])).toEqual([undefined, 1]);
  expect(seen.map((headers) => headers["traceparent"])).toEqual(spans.map((span) => span.traceparent));
});

test("an answer that is an error fails the span", async () => {
  recorder = recordSpans();
  answer = (response) => response.writeHead(503).end();
  await sendTo("/");
  expect(recorder.named("POST")).toMatchObject([
    { failed: true, attributes: { "http.response.status_code": 503, "error.type": "503" } },
  ]);
});

test("no answer fails the span with the connection's error", async () => {
  recorder = recordSpans();
  answer = (response) => response.destroy();
  await expect(sendTo("/")).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
  expect(recorder.named("POST")).toMatchObject([{ failed: true, attributes: { "error.type": "UND_ERR_SOCKET" } }]);
});

test("where nothing is traced the headers stay as they are", async () => {
  await sendTo("/");
  expect(seen).toMatchObject([{ traceparent }]);
});
