import { formatTraceparent, newTraceId, parseTraceparent, traceparentFor } from "./traceparent.ts";

/** The two headers of a request that say to which trace it belongs; null is what `Headers.get` answers for none. */
export interface TraceHeaders {
  readonly "x-trace-id"?: string | null | undefined;
  readonly traceparent?: string | null | undefined;
}

export interface IncomingTrace {
  /** For the X-Trace-ID of the response, for logs and problem documents. */
  readonly traceId: string;
  /** For what the request calls or enqueues. */
  readonly traceparent: string;
}

const saneTraceId = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * The trace of a request. `traceId` is a sane X-Trace-ID, else the trace id of a valid traceparent, else new. `traceparent`
 * is the caller's where valid, so that our calls hang below the caller's span; else made, with the same id where W3C allows it, and not sampled.
 */
export function traceFromHeaders(headers: TraceHeaders): IncomingTrace {
  const given = headers["x-trace-id"] ?? "";
  const parent = parseTraceparent(headers.traceparent ?? "");
  const traceId = saneTraceId.test(given) ? given : (parent?.traceId ?? newTraceId());
  return { traceId, traceparent: parent === undefined ? traceparentFor(traceId) : formatTraceparent(parent) };
}
