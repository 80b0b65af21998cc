import type { IncomingMessage } from "node:http";

import { afterEach, beforeEach, expect, it } from "vitest";

import { noSpan, traceFromHeaders } from "@millrace/telemetry";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import { type Exchange, newExchange } from "./exchange.ts";
import { clientGone } from "./recorder.ts";
import { endServerSpan, startServerSpan } from "./server-span.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

let recorder: SpanRecorder;
beforeEach(() => {
  recorder = recordSpans();
});
afterEach(() => recorder.close());

/** The exchange of a request that has just come. */
function open({ method = "GET", url = "/v1/jobs/7?token=secret", headers = {} }: Sent = {}, untraced: string[] = []) {
  const incoming = { method, url, headers, httpVersion: "1.1" } as unknown as IncomingMessage;
  const trace = traceFromHeaders(headers);
  return { incoming, exchange: newExchange(trace, method, startServerSpan(incoming, trace, new Set(untraced))) };
}

/** The span of a request that ends with this status. */
function ended(status: number, sent?: Sent, known: Partial<Exchange> = {}, trustProxy = false) {
  const { incoming, exchange } = open(sent);
  Object.assign(exchange, known);
  endServerSpan(exchange, incoming, { status, trustProxy });
  return recorder.spans().at(-1);
}

it("is below a caller's span, and what follows is below it", () => {
  const { exchange } = open({ headers: { traceparent } });
  expect(exchange.traceId).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  expect(exchange.traceparent).toBe(exchange.span.traceparent);
  exchange.span.end();
  expect(recorder.spans()).toMatchObject([{ kind: "server", parentId: "00f067aa0ba902b7" }]);
});

it("begins the trace that the answer names, for a caller with none or a nonsensical one", () => {
  for (const headers of [{}, { traceparent: "nonsense" }]) {
    const { exchange } = open({ headers });
    exchange.span.end();
    expect(recorder.spans().at(-1)).toMatchObject({ traceId: exchange.traceId, parentId: undefined });
  }
});

it("is none for paths that are not traced, and where nothing is", () => {
  expect(open({ url: "/v1/health?a=b" }, ["/v1/health"]).exchange.span).toBe(noSpan);
  recorder.close();
  const { exchange } = open({ headers: { traceparent } });
  expect([exchange.span, exchange.traceparent]).toEqual([noSpan, traceparent]);
});

it("says what was asked by the route and not by the query, and who asked", () => {
  const span = ended(
    200,
    { headers: { "user-agent": "curl/8", "x-trace-id": "order-42", "x-forwarded-proto": "https" } },
    { route: "/v1/jobs/{id}", tenant: "acme" },
  );
  expect(span).toMatchObject({ name: "GET /v1/jobs/{id}", failed: false });
  expect(span?.attributes).toEqual({
    "http.request.method": "GET",
    "http.route": "/v1/jobs/{id}",
    "http.response.status_code": 200,
    "url.scheme": "http",
    "url.path": "/v1/jobs/7",
    "user_agent.original": "curl/8",
    "network.protocol.version": "1.1",
    "millrace.tenant": "acme",
    "millrace.trace_id": "order-42",
  });
});

it("says of a whole URL the path alone, and nothing of what has none", () => {
  const whole = "http://user:secret@h/v1/health?token=secret";
  expect(ended(200, { url: whole })?.attributes).toMatchObject({ "url.path": "/v1/health" });
  expect(open({ url: whole }, ["/v1/health"]).exchange.span).toBe(noSpan);
  for (const url of ["*", "user:secret@h", "http://"]) {
    expect(JSON.stringify(ended(404, { url })?.attributes)).not.toMatch(/url\.path|secret/);
  }
});

it("says what the client calls its trace although the trace id has that in it", () => {
  for (const named of ["00", "4bf92f35"]) {
    const span = ended(200, { headers: { traceparent, "x-trace-id": named } });
    expect(span?.attributes).toMatchObject({ "millrace.trace_id": named });
  }
  expect(ended(200, { headers: { traceparent } })?.attributes).not.toHaveProperty("millrace.trace_id");
});

it("has no word of a caller in its name", () => {
  const span = ended(404, { method: "BREW" });
  expect(span?.name).toBe("HTTP");
  expect(span?.attributes).toMatchObject({ "http.request.method": "_OTHER", "http.request.method_original": "BREW" });
});

it("fails where the fault is ours, with the code of the error, and not where it is the caller's", () => {
  expect(ended(503, {}, { errorCode: "UNAVAILABLE" })).toMatchObject({
    failed: true,
    attributes: { "error.type": "UNAVAILABLE", "http.response.status_code": 503 },
  });
  expect(ended(500)).toMatchObject({ failed: true, attributes: { "error.type": "500" } });
  const refused = ended(422, {}, { errorCode: "VALIDATION_FAILED" });
  expect(refused?.failed).toBe(false);
  expect(refused?.attributes).not.toHaveProperty("error.type");
});

it("has no status where the caller went away before there was one", () => {
  const span = ended(clientGone);
  expect(span?.attributes).toMatchObject({ "error.type": "CLIENT_GONE" });
  expect(span?.attributes).not.toHaveProperty("http.response.status_code");
  expect(span?.failed).toBe(false);
});

it("says how the caller came to a proxy that is trusted", () => {
  const span = ended(200, { headers: { "x-forwarded-proto": "https" } }, {}, true);
  expect(span?.attributes).toMatchObject({ "url.scheme": "https" });
});
