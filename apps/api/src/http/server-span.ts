import type { IncomingMessage } from "node:http";

import {
  type IncomingTrace,
  isTracing,
  noSpan,
  parseTraceparent,
  type Span,
  spanAttributes as at,
  startSpan,
} from "@millrace/telemetry";

import type { Exchange } from "./exchange.ts";
import { clientGone } from "./recorder.ts";

/** The methods that OpenTelemetry knows; any other word would be a name of somebody's choice. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"]);

/**
 * Begins the span of a request: below the caller's, if that sent a valid `traceparent`; else as the first of the trace that the answer names.
 * Where nothing is traced it costs a read of a field, and nothing at the end: attributes are made there, and of recorded spans only.
 */
export function startServerSpan(incoming: IncomingMessage, trace: IncomingTrace, untraced: ReadonlySet<string>): Span {
  if (!isTracing() || untraced.has(pathOf(incoming))) return noSpan;
  const { method = "", headers } = incoming;
  const asked = headers["traceparent"];
  const isCalled = typeof asked === "string" && parseTraceparent(asked) !== undefined;
  return startSpan(methods.has(method) ? method : "HTTP", {
    kind: "server",
    ...(isCalled ? { parent: trace.traceparent } : { rootTraceId: parseTraceparent(trace.traceparent)?.traceId }),
  });
}

export interface RequestEnd {
  /** 499 where the client went away first. */
  readonly status: number;
  /** Whether the proxy in front says how the client came. */
  readonly trustProxy: boolean;
}

/** Ends it with all that is known by now. */
export function endServerSpan(exchange: Exchange, incoming: IncomingMessage, end: RequestEnd): void {
  if (exchange.span.isRecording) describe(exchange, incoming, end);
  exchange.span.end();
}

function describe(exchange: Exchange, incoming: IncomingMessage, { status, trustProxy }: RequestEnd): void {
  const { span, method, route, tenant, traceId, traceparent, errorCode } = exchange;
  const known = methods.has(method);
  const isMatched = route !== "unmatched";
  if (isMatched) span.rename(`${known ? method : "HTTP"} ${route}`);
  span.set({
    [at.httpRequestMethod]: known ? method : "_OTHER",
    [at.httpRequestMethodOriginal]: known ? undefined : method,
    [at.httpRoute]: isMatched ? route : undefined,
    [at.httpResponseStatusCode]: status === clientGone ? undefined : status,
    [at.errorType]: status === clientGone ? "CLIENT_GONE" : undefined,
    [at.urlScheme]: trustProxy && incoming.headers["x-forwarded-proto"] === "https" ? "https" : "http",
    [at.urlPath]: pathOf(incoming) || undefined,
    [at.userAgentOriginal]: incoming.headers["user-agent"],
    [at.networkProtocolVersion]: incoming.httpVersion,
    [at.millraceTenant]: tenant,
    // What the client calls its trace, where that is no id of W3C's.
    [at.millraceTraceId]: parseTraceparent(traceparent)?.traceId === traceId ? undefined : traceId,
  });
  if (status >= 500) span.fail(errorCode ?? String(status));
}

/** Without the query, in which anything may stand, and of a whole URL without the user and password that it may have; empty where there is none. */
function pathOf({ url = "" }: IncomingMessage): string {
  if (!url.startsWith("/")) return /^https?:/i.test(url) ? (URL.parse(url)?.pathname ?? "") : "";
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}
