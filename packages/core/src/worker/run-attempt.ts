import type { Job } from "@millrace/storage";

import { type AbortCause, JobAbortedError } from "./attempt-errors.ts";
import { killed, returned, sentenceOf, thrown, timedOut } from "./attempt-outcome.ts";
import type { Deadlines } from "./deadlines.ts";
import type { JobDefinition } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";
import type { Settlement } from "./settlement.ts";

export interface AttemptOptions {
  readonly definition: JobDefinition;
  readonly job: Job;
  readonly timeoutMs: number;
  /** How long a handler has to return once its signal has fired. */
  readonly abortGraceMs: number;
  readonly deadlines: Pick<Deadlines, "add">;
  readonly context: (payload: unknown, signal: () => AbortSignal) => HandlerContext<unknown>;
}

/** Platforms kill a process soon after the grace that it was given; the job must be handed back before. */
const shutdownAbortGraceMs = 2_000;

export interface AttemptEnd {
  /** Undefined when nothing may be written: the job isn't ours any more. */
  readonly settlement: Settlement | undefined;
  /** Set when the handler is still running although its grace is over: resolves when it returns at last. */
  readonly abandoned: Promise<void> | undefined;
  /** What cut it short, if something did. */
  readonly cause: AbortCause | undefined;
  /** What the handler threw, or what is wrong with its payload. */
  readonly error: unknown;
}

export interface Attempt {
  readonly end: Promise<AttemptEnd>;
  /** Fires the handler's signal; the first cause decides how the attempt ends, but for a job that isn't ours any more. */
  abort(why: AbortCause): void;
}

/**
 * Runs a handler once. `end` resolves when it returned, threw, or ignored its fired signal for the whole grace; it never rejects.
 * Most attempts take less time than it takes to make an AbortController, so one is made only for who asks for it.
 */
export function runAttempt(options: AttemptOptions): Attempt {
  const { definition, job, timeoutMs, abortGraceMs } = options;
  let controller: AbortController | undefined;
  let cause: AbortCause | undefined;
  let ended = false;
  let graceEndMs = Number.POSITIVE_INFINITY;
  let graceTimer: NodeJS.Timeout | undefined;
  let failure: unknown;
  let resolveEnd: (end: AttemptEnd) => void;
  const end = new Promise<AttemptEnd>((resolve) => {
    resolveEnd = resolve;
  });

  const controllerOf = (): AbortController => {
    if (controller !== undefined) return controller;
    controller = new AbortController();
    if (cause !== undefined) controller.abort(new JobAbortedError(cause));
    return controller;
  };

  const abort = (why: AbortCause) => {
    if (ended) return;
    const isFirst = cause === undefined;
    if (isFirst || why === "cancelled" || why === "leaseLost") cause = why;
    if (isFirst) controller?.abort(new JobAbortedError(why));
    const graceMs = why === "shutdown" ? Math.min(abortGraceMs, shutdownAbortGraceMs) : abortGraceMs;
    const endMs = performance.now() + graceMs;
    // A shutdown shortens a grace that has begun; nothing lengthens one.
    if (endMs >= graceEndMs) return;
    graceEndMs = endMs;
    clearTimeout(graceTimer);
    graceTimer = setTimeout(() => finish(undefined), graceMs);
  };
  const stopTimeout = options.deadlines.add(performance.now() + timeoutMs, () => abort("timeout"));

  const run = async (): Promise<Settlement> => {
    try {
      const payload = definition.input.safeParse(job.payload);
      if (!payload.success) {
        failure = payload.error;
        return killed(`The payload does not have the expected shape: ${sentenceOf(payload.error)}`);
      }
      const value = await definition.handler(options.context(payload.data, () => controllerOf().signal));
      return returned(value, definition.result);
    } catch (error) {
      failure = error;
      // A handler that a shutdown interrupted gave up because of us, not because of its work.
      return cause === "shutdown" ? { kind: "release" } : thrown(error);
    }
  };

  /** `settlement` is undefined when the grace is over. */
  const finish = (settlement: Settlement | undefined): void => {
    if (ended) return;
    ended = true;
    stopTimeout();
    clearTimeout(graceTimer);
    resolveEnd({
      settlement: settle(settlement),
      abandoned: settlement === undefined ? handler.then(() => undefined) : undefined,
      cause,
      error: failure,
    });
  };

  const settle = (settlement: Settlement | undefined): Settlement | undefined => {
    switch (cause) {
      case "cancelled":
      case "leaseLost":
        return undefined;
      case "timeout":
        return timedOut(timeoutMs);
      case "shutdown":
        return settlement ?? { kind: "release" };
      case undefined:
        return settlement;
      default:
        return cause satisfies never;
    }
  };

  const handler = run();
  void handler.then(finish);
  return { end, abort };
}
