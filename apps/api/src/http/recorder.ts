import type { ServerResponse } from "node:http";

import type { Logger, Metrics } from "@millrace/telemetry";

import type { Exchange } from "./exchange.ts";

/** Tells log and metrics of an exchange that is over. Without a response object its raw status counts. */
export type Recorder = (exchange: Exchange, outgoing?: ServerResponse) => void;

/** What a client that went away before its answer is counted as; it never goes over the wire. */
const clientGone = 499;

/** Makes the one place where requests are logged and counted. */
export function createRecorder(logger: Logger, metrics: Metrics): Recorder {
  return (exchange, outgoing) => {
    const { method, route, tenant, client, traceId, errorCode, rawStatus } = exchange;
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
    if (exchange.quiet) logger.debug(fields, "Request");
    else logger.info(fields, "Request");
  };
}
