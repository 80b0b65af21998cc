import type { ClaimedJob } from "@millrace/storage";
import { isTracing, type Logger, type Metrics, parseTraceparent, traceContext } from "@millrace/telemetry";

import type { AbortCause } from "./attempt-errors.ts";
import { killed } from "./attempt-outcome.ts";
import { createDeadlines } from "./deadlines.ts";
import type { JobDefinition } from "./define-job.ts";
import type { ContextOf } from "./handler-context.ts";
import { type JobSpans, startJobSpans } from "./job-spans.ts";
import type { LeaseBook, LeaseEnd } from "./lease-book.ts";
import type { WorkerSettings } from "./options.ts";
import { createPace, jobsAhead } from "./pace.ts";
import { type Attempt, runAttempt } from "./run-attempt.ts";
import type { Settled, Settlement } from "./settlement.ts";
import type { Settler } from "./settler.ts";
import { traceOf } from "./trace-of.ts";

export interface AttemptsOptions {
  readonly settings: WorkerSettings;
  readonly definitions: ReadonlyMap<string, JobDefinition>;
  readonly book: LeaseBook;
  readonly settler: Settler;
  readonly contextOf: ContextOf;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How long a claim takes. */
  readonly claimMs: () => number;
  /** A slot or a place in the buffer is free. */
  readonly onRoom: () => void;
  /** A job of ours is pending again: it will be due. */
  readonly onPending: () => void;
}

export interface Attempts {
  /** How many jobs to claim; 0 while that isn't worth a claim of its own. One that rides on another write is worth it sooner. */
  room(riding: boolean): number;
  take(claimed: readonly ClaimedJob[], deadlineMs: number): void;
  counts(): {
    readonly running: number;
    readonly waiting: number;
    readonly settling: number;
    readonly abandoned: number;
  };
  /** Starts nothing more, and hands back what waits. */
  close(): void;
  abortAll(why: AbortCause): void;
  /** Resolves when no handler runs in a slot. */
  quiet(): Promise<void>;
  /** Resolves when nothing runs in a slot nor waits to be written. */
  idle(): Promise<void>;
  /** Forgets all timeouts; only once it is idle. */
  end(): void;
}

interface Claimed extends ClaimedJob {
  readonly sinceMs: number;
  /** Undefined for a job that nobody traces. */
  readonly spans: JobSpans | undefined;
}

/** So many ends may wait to be written before the worker stops claiming. */
const settlingMax = 5_000;
const claimMax = 1_000;
/** A job that waited so long behind a buffer that turned out too deep goes back to the others. */
const surplusMs = 500;

/**
 * Runs claimed jobs in `concurrency` slots. A handler that ignores its fired signal for the whole grace is abandoned: its slot is given
 * to another job, so that hung handlers can't stop the worker; but only as many as there are slots, so that they can't pile up either.
 */
export function createAttempts(options: AttemptsOptions): Attempts {
  const { settings, definitions, book, settler, contextOf, logger, metrics } = options;
  const { concurrency, prefetch } = settings;
  const waiting = new Set<Claimed>();
  const running = new Map<ClaimedJob, Attempt>();
  const pace = createPace();
  const deadlines = createDeadlines();
  let settling = 0;
  let abandoned = 0;
  let stuck = 0;
  let closed = false;
  let surplusTimer: NodeJS.Timeout | undefined;
  let watchers: { readonly reached: () => boolean; readonly resolve: () => void }[] = [];

  const inSlots = () => running.size + stuck;

  function take(claimed: readonly ClaimedJob[], deadlineMs: number): void {
    const sinceMs = performance.now();
    metrics.claimedJobsTotal.inc(claimed.length);
    const claim = isTracing()
      ? { tookMs: sinceMs - (deadlineMs - settings.leaseMs), endMs: Date.now(), count: claimed.length }
      : undefined;
    for (const { job, leaseToken } of claimed) {
      const spans = claim && startJobSpans(job, claim);
      const item: Claimed = { job, leaseToken, sinceMs, spans };
      book.hold(leaseToken, deadlineMs, (why) => lost(item, why));
      waiting.add(item);
      if (job.lockedAt !== null) {
        metrics.jobWaitSeconds.observe(
          { queue: job.queue },
          (job.lockedAt.getTime() - job.scheduledAt.getTime()) / 1_000,
        );
      }
    }
    if (closed) handBack(waiting.size);
    fill();
    if (waiting.size > 0) surplusTimer ??= setTimeout(returnSurplus, surplusMs);
  }

  function fill(): void {
    while (!closed && inSlots() < concurrency) {
      const [first] = waiting;
      if (first === undefined) return;
      waiting.delete(first);
      void work(first);
    }
  }

  /** What was claimed at a pace that then slowed down goes back, to whoever has a slot for it. */
  function returnSurplus(): void {
    surplusTimer = undefined;
    const [oldest] = waiting;
    if (oldest === undefined) return;
    if (performance.now() - oldest.sinceMs >= surplusMs) handBack(waiting.size);
    else surplusTimer = setTimeout(returnSurplus, surplusMs);
  }

  /** Hands back the last `count` of those that wait. */
  function handBack(count: number): void {
    for (const item of [...waiting].slice(waiting.size - count)) {
      waiting.delete(item);
      void write(item, { kind: "release" });
    }
  }

  async function work(item: Claimed): Promise<void> {
    const { job } = item;
    const definition = definitions.get(job.type);
    if (definition === undefined) return write(item, killed(`This worker has no handler for the type ${job.type}`));
    const startMs = performance.now();
    const run = (traceparent?: string) => {
      const attempt = traceContext.runLazily(
        () => traceOf(job, traceparent),
        job.tenantId,
        () =>
          runAttempt({
            definition,
            job,
            timeoutMs: job.timeoutMs ?? definition.timeoutMs ?? settings.timeoutMs,
            abortGraceMs: settings.abortGraceMs,
            deadlines,
            context: (payload, signal) => contextOf(item, payload, signal),
          }),
      );
      running.set(item, attempt);
      return attempt.end;
    };
    const end = await (item.spans === undefined ? run() : item.spans.process(run));
    running.delete(item);
    pace.finished();
    metrics.jobRunSeconds.observe({ queue: job.queue, type: job.type }, (performance.now() - startMs) / 1_000);
    if (end.abandoned !== undefined) leaveBehind(item, end.abandoned);
    fill();
    if (end.settlement !== undefined) void write(item, end.settlement);
    options.onRoom();
    check();
  }

  function leaveBehind({ job }: Claimed, abandonedEnd: Promise<void>): void {
    const keepsSlot = abandoned >= concurrency;
    if (keepsSlot) stuck++;
    else abandoned++;
    logger.error(
      { jobId: job.id, type: job.type, queue: job.queue, attempt: job.attempts, count: abandoned + stuck },
      "A handler ignored its aborted signal and was abandoned; it may still be running",
    );
    void abandonedEnd.then(() => {
      if (keepsSlot) stuck--;
      else abandoned--;
      fill();
      options.onRoom();
    });
  }

  function lost(item: Claimed, why: LeaseEnd): void {
    if (waiting.delete(item)) options.onRoom();
    else running.get(item)?.abort(why);
    tell(item, why === "cancelled" ? "cancelled" : "lost", undefined);
  }

  async function write(item: Claimed, settlement: Settlement): Promise<void> {
    if (!book.settling(item.leaseToken)) return;
    settling++;
    const endSpan = item.spans?.settle(settlement);
    const settled = await settler.settle(item.leaseToken, settlement);
    endSpan?.(settled);
    book.drop(item.leaseToken);
    settling--;
    tell(item, settled, settlement);
    if (settled === "retried" || settled === "snoozed") options.onPending();
    options.onRoom();
    check();
  }

  function tell({ job }: Claimed, settled: Settled, settlement: Settlement | undefined): void {
    if (settled === "lost" || settled === "unsaved") metrics.leaseLostTotal.inc();
    else metrics.jobsFinishedTotal.inc({ queue: job.queue, type: job.type, outcome: settled });
    if (settled === "completed" || settled === "released" || settled === "snoozed") return;
    const reason = settlement?.kind === "fail" ? settlement.message : undefined;
    const traceId = job.traceId ?? parseTraceparent(job.traceparent ?? "")?.traceId;
    const fields = {
      jobId: job.id,
      type: job.type,
      queue: job.queue,
      tenant: job.tenantId,
      attempt: job.attempts,
      traceId,
      outcome: settled,
      reason,
    };
    if (settled === "dead") logger.error(fields, "A job is dead");
    else if (settled === "cancelled") logger.info(fields, "A running job was cancelled");
    else if (settled === "retried") logger.warn(fields, "An attempt failed; the job will be tried again");
    else logger.warn(fields, "An attempt's lease was lost; its outcome does not count");
  }

  function check(): void {
    if (watchers.length === 0) return;
    watchers = watchers.filter(({ reached, resolve }) => {
      if (!reached()) return true;
      resolve();
      return false;
    });
  }

  function until(reached: () => boolean): Promise<void> {
    if (reached()) return Promise.resolve();
    return new Promise((resolve) => watchers.push({ reached, resolve }));
  }

  return {
    room(riding) {
      if (closed || settling >= settlingMax) return 0;
      const ahead = jobsAhead(prefetch, pace.perMs(), options.claimMs());
      const free = concurrency - inSlots();
      const buffered = waiting.size - free;
      const most = riding ? ahead - 1 : Math.min(ahead - 1, ahead / 2);
      return buffered > most ? 0 : Math.min(claimMax, ahead - buffered);
    },
    take,
    counts: () => ({ running: running.size, waiting: waiting.size, settling, abandoned: abandoned + stuck }),
    close() {
      closed = true;
      clearTimeout(surplusTimer);
      handBack(waiting.size);
    },
    abortAll(why) {
      for (const attempt of running.values()) attempt.abort(why);
    },
    quiet: () => until(() => running.size === 0),
    idle: () => until(() => running.size === 0 && settling === 0),
    end: () => deadlines.close(),
  };
}
