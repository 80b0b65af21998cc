import type { IncomingMessage, ServerResponse } from "node:http";

import type { ErrorCode } from "@millrace/contract";
import { type IncomingTrace, noSpan, type Span, traceFromHeaders } from "@millrace/telemetry";

import { startServerSpan } from "./server-span.ts";

/** One request and its answer, as the log line and the metrics will tell of it. */
export interface Exchange extends IncomingTrace {
  readonly startMs: number;
  readonly method: string;
  /** Where it is traced, `traceparent` is this span's, so that all that follows hangs below it. */
  readonly span: Span;
  /** The matched route's pattern; `unmatched` until there is one. */
  route: string;
  /** True where the log line is only for debugging: probes come every few seconds. */
  quiet: boolean;
  tenant: string | undefined;
  /** Where the request came from, as far as we can know. */
  client: string | undefined;
  errorCode: ErrorCode | undefined;
  /** The status that was written past the response object, on the bare socket. */
  rawStatus: number | undefined;
  /** From when on its body is late if nothing more of it arrives; an upload that makes progress moves it on. */
  bodyFromMs: number;
  /** The client waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean;
}

const exchangeKey = Symbol("exchange");

type Carrier = IncomingMessage & { [exchangeKey]?: Exchange };

/** Headers of every answer, whatever comes of the request. A route may replace one of its own. */
const standingHeaders: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
  ["Referrer-Policy", "no-referrer"],
  ["Cache-Control", "no-store"],
];

/** An exchange that has just begun; without a request where the parser could make none of what arrived. */
export function newExchange(
  trace: IncomingTrace = traceFromHeaders({}),
  method = "unknown",
  span: Span = noSpan,
): Exchange {
  const startMs = performance.now();
  return {
    traceId: trace.traceId,
    traceparent: span.traceparent ?? trace.traceparent,
    startMs,
    bodyFromMs: startMs,
    method,
    span,
    route: "unmatched",
    quiet: false,
    tenant: undefined,
    client: undefined,
    errorCode: undefined,
    rawStatus: undefined,
    awaitsContinue: false,
  };
}

const allTraced: ReadonlySet<string> = new Set();

/** Begins an exchange: gives it its trace, and the answer the headers that every answer has. Requests for some paths may be left out of traces. */
export function openExchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  untraced: ReadonlySet<string> = allTraced,
): Exchange {
  const { headers, method = "unknown" } = incoming;
  const trace = traceFromHeaders({
    "x-trace-id": single(headers["x-trace-id"]),
    traceparent: single(headers["traceparent"]),
  });
  const exchange = newExchange(trace, method, startServerSpan(incoming, trace, untraced));
  (incoming as Carrier)[exchangeKey] = exchange;
  outgoing.setHeader("X-Trace-ID", exchange.traceId);
  outgoing.setHeader("traceparent", exchange.traceparent);
  for (const [name, value] of standingHeaders) outgoing.setHeader(name, value);
  return exchange;
}

/** The address at the other end; with `trustProxy` the one that the first of the proxies says it saw. */
export function clientOf(incoming: IncomingMessage, trustProxy: boolean): string | undefined {
  const forwarded = trustProxy ? single(incoming.headers["x-forwarded-for"])?.split(",")[0]?.trim() : undefined;
  return forwarded === undefined || forwarded === "" ? incoming.socket.remoteAddress : forwarded;
}

/** The exchange of a request that the server has accepted. */
export function exchangeOf(incoming: IncomingMessage): Exchange {
  const exchange = (incoming as Carrier)[exchangeKey];
  if (exchange === undefined) throw new TypeError("The request did not come through the server");
  return exchange;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
