import { AsyncLocalStorage } from "node:async_hooks";

import type { MillraceError } from "@millrace/contract";
import type { LogFields, Logger } from "@millrace/telemetry";

/** Tells the log of requests that failed for a reason that is ours. */
export interface FailureLog {
  /** `known` is what the client is told, `cause` what happened. */
  failed(known: MillraceError, cause: unknown, fields: LogFields): void;
}

const repeatMs = 1_000;
const causesMax = 4;

/**
 * Makes the log of a process's failures. Each fault of ours (500) is a line of its own, with its stack. Unavailability comes for all requests at once and its stacks say
 * nothing: it is a line a second at most, with the newest request's fields and how many there were.
 */
export function createFailureLog(logger: Logger): FailureLog {
  // A line for many requests is written outside of the trace of any one.
  const outside = AsyncLocalStorage.snapshot();
  let count = 0;
  let newest: LogFields = {};
  let isResting = false;

  function write(): void {
    isResting = count > 0;
    if (!isResting) return;
    logger.warn({ ...newest, count }, "Requests could not be served");
    count = 0;
    newest = {};
    setTimeout(write, repeatMs).unref();
  }

  return {
    failed(known, cause, fields) {
      if (known.status === 500) logger.error({ ...fields, err: cause }, "A request failed");
      if (known.code !== "UNAVAILABLE") return;
      count++;
      newest = { ...fields, err: withoutStack(cause) };
      if (!isResting) outside(write);
    },
  };
}

/** The error as it is, with its causes, but for their stacks. */
function withoutStack(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined || depth === causesMax ? undefined : withoutStack(error.cause, depth + 1);
  const errors =
    error instanceof AggregateError
      ? { errors: { value: error.errors.map((each) => withoutStack(each, causesMax)) } }
      : {};
  return Object.create(error, { stack: { value: "" }, cause: { value: cause }, ...errors });
}
