import { MillraceError, type Problem, isMillraceError, toProblem } from "@millrace/contract";

import type { Exchange } from "./exchange.ts";
import type { FailureLog } from "./failure-log.ts";
import { ClientGone } from "./gone-signal.ts";

/** A problem as it goes over the wire. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ProblemPlace {
  readonly exchange: Exchange;
  /** The path of the request. */
  readonly instance?: string | undefined;
  readonly failures: FailureLog;
}

const retryAfterDefaultMs = 1_000;

/** The one mapper from errors to answers. What is not a MillraceError becomes a 500 that says nothing, and a log line that says all. */
export function problemAnswer(error: unknown, at: ProblemPlace): ProblemAnswer {
  const known = publicError(error);
  const { exchange, instance, failures } = at;
  const { traceId, route, tenant } = exchange;
  // The line of the request says by its status that the client left.
  if (!(error instanceof ClientGone)) {
    exchange.errorCode = known.code;
    failures.failed(known, error, { errorCode: known.code, route, tenant, traceId });
  }
  const problem: Problem = toProblem(known, { traceId, ...(instance === undefined ? {} : { instance }) });
  return { status: known.status, headers: headersOf(known), body: JSON.stringify(problem) };
}

function publicError(error: unknown): MillraceError {
  if (isMillraceError(error) && error.code !== "INTERNAL") return error;
  return new MillraceError("INTERNAL", "The request failed for a reason that is ours; the trace id leads to it.");
}

function headersOf({ code, retryAfterMs }: MillraceError): Readonly<Record<string, string>> {
  const contentType = { "Content-Type": "application/problem+json" };
  if (code !== "RATE_LIMITED" && code !== "QUEUE_FULL" && code !== "UNAVAILABLE") return contentType;
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? retryAfterDefaultMs) / 1_000));
  return { ...contentType, "Retry-After": String(seconds) };
}
