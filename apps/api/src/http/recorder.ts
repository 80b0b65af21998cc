import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";

import type { LogFields, Logger, Metrics } from "@millrace/telemetry";

import type { Exchange } from "./exchange.ts";

/** Tells log and metrics of an exchange that is over, and answers its status. Without a response object its raw status counts. */
export type Recorder = (exchange: Exchange, outgoing?: ServerResponse) => number;

/** What a client that went away before its answer is counted as; it never goes over the wire. */
export const clientGone = 499;

/**
 * Makes the one place where requests are logged and counted. The lines of all requests that end within one turn of the event loop are
 * written together at its end, with one system call for many.
 */
export function createRecorder(logger: Logger, metrics: Metrics): Recorder {
  // A turn's lines belong to many requests: they are written outside of the trace of any one.
  const outside = AsyncLocalStorage.snapshot();
  let over: { readonly quiet: boolean; readonly fields: LogFields }[] = [];

  function write(): void {
    const lines = over;
    over = [];
    logger.together(() => {
      for (const { quiet, fields } of lines) logger[quiet ? "debug" : "info"](fields, "Request");
    });
  }

  return (exchange, outgoing) => {
    const { method, route, tenant, client, traceId, errorCode, rawStatus, quiet } = exchange;
    const status = rawStatus ?? (outgoing?.writableFinished === true ? outgoing.statusCode : clientGone);
    const durationMs = performance.now() - exchange.startMs;
    const labels = { method, route, status: String(status) };
    metrics.httpRequestsTotal.inc(labels);
    metrics.httpRequestDurationSeconds.observe(labels, durationMs / 1_000);
    const fields = {
      method,
      route,
      status,
      durationMs: Math.round(durationMs * 1_000) / 1_000,
      tenant,
      client,
      traceId,
      errorCode,
    };
    if (over.length === 0) setImmediate(() => outside(write));
    over.push({ quiet, fields });
    return status;
  };
}
