import type { z } from "zod";

import type { Job } from "@millrace/storage";

import { type AbortCause, JobAbortedError } from "./attempt-errors.ts";
import { killed, returned, thrown, timedOut } from "./attempt-outcome.ts";
import type { JobDefinition } from "./define-job.ts";
import type { HandlerContext } from "./handler.ts";
import type { Settlement } from "./settlement.ts";

export interface AttemptOptions {
  readonly definition: JobDefinition;
  readonly job: Job;
  readonly timeoutMs: number;
  /** How long a handler has to return once its signal has fired. */
  readonly abortGraceMs: number;
  readonly context: (payload: unknown, signal: AbortSignal) => HandlerContext<unknown>;
}

/** Platforms kill a process soon after the grace that it was given; the job must be handed back before. */
const shutdownAbortGraceMs = 2_000;

export interface AttemptEnd {
  /** Undefined when nothing may be written: the job isn't ours any more. */
  readonly settlement: Settlement | undefined;
  /** Set when the handler is still running although its grace is over: resolves when it returns at last. */
  readonly abandoned: Promise<void> | undefined;
}

export interface Attempt {
  readonly end: Promise<AttemptEnd>;
  /** Fires the handler's signal; the first cause decides how the attempt ends, but for a job that isn't ours any more. */
  abort(why: AbortCause): void;
}

/** Runs a handler once. `end` resolves when it returned, threw, or ignored its fired signal for the whole grace; it never rejects. */
export function runAttempt(options: AttemptOptions): Attempt {
  const { definition, job, timeoutMs, abortGraceMs } = options;
  const controller = new AbortController();
  const graceOver = Promise.withResolvers<undefined>();
  let cause: AbortCause | undefined;
  let ended = false;
  let graceEndMs = Number.POSITIVE_INFINITY;
  let graceTimer: NodeJS.Timeout | undefined;

  const abort = (why: AbortCause) => {
    if (ended) return;
    if (cause === undefined || why === "cancelled" || why === "leaseLost") cause = why;
    if (!controller.signal.aborted) controller.abort(new JobAbortedError(why));
    const graceMs = why === "shutdown" ? Math.min(abortGraceMs, shutdownAbortGraceMs) : abortGraceMs;
    const endMs = performance.now() + graceMs;
    // A shutdown shortens a grace that has begun; nothing lengthens one.
    if (endMs >= graceEndMs) return;
    graceEndMs = endMs;
    clearTimeout(graceTimer);
    graceTimer = setTimeout(() => graceOver.resolve(undefined), graceMs);
  };
  const timeoutTimer = setTimeout(() => abort("timeout"), timeoutMs);

  const run = async (): Promise<Settlement> => {
    try {
      const payload = definition.input.safeParse(job.payload);
      if (!payload.success) return killed(`The payload does not have the expected shape: ${problemsOf(payload.error)}`);
      return returned(await definition.handler(options.context(payload.data, controller.signal)));
    } catch (error) {
      // A handler that a shutdown interrupted gave up because of us, not because of its work.
      return cause === "shutdown" ? { kind: "release" } : thrown(error);
    }
  };

  const finish = async (): Promise<AttemptEnd> => {
    const handler = run();
    const settlement = await Promise.race([handler, graceOver.promise]);
    ended = true;
    clearTimeout(timeoutTimer);
    clearTimeout(graceTimer);
    return {
      settlement: settle(settlement),
      abandoned: settlement === undefined ? handler.then(() => undefined) : undefined,
    };
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

  return { end: finish(), abort };
}

/** Every problem in one sentence. */
function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}
