import { type JobEvent, type JobStatus, isTerminal, limits, transitions } from "@millrace/contract";

import type { JobSpec } from "./operation.ts";

/** A job as the model knows it. Times are milliseconds of the model's own clock. */
export interface ModelJob extends JobSpec {
  readonly id: string;
  readonly status: JobStatus;
  /** Where a pending job waits: whether it can be claimed follows from that, not from the clock. */
  readonly place: "ready" | "scheduled" | null;
  readonly dueAtMs: number;
  readonly attempts: number;
  readonly fence: number;
  readonly worker: string | null;
  readonly leaseUntilMs: number | null;
  readonly errors: readonly { readonly attempt: number; readonly message: string }[];
  readonly lastError: string | null;
  readonly result: number | null;
  readonly progress: number | null;
}

/** How many jobs may run at once; what is absent has no limit. */
export interface ModelLimits {
  /** By `tenant/queue`. */
  readonly queues: Readonly<Record<string, number>>;
  /** Of jobs with the same concurrency key of one tenant and queue; null where keys mean nothing yet. */
  readonly perKey: number | null;
}

/** Everything that a store has to remember, on one page. */
export interface ModelState {
  readonly nowMs: number;
  readonly limits: ModelLimits;
  readonly jobs: ReadonlyMap<string, ModelJob>;
  /** Idempotency keys by `tenant/key`. */
  readonly keys: ReadonlyMap<string, { readonly jobId: string; readonly hash: string }>;
  /** Every lease token that was ever handed out, oldest first. */
  readonly leases: ReadonlyMap<string, { readonly jobId: string; readonly fence: number }>;
}

/** An empty store. */
export function emptyState(modelLimits: ModelLimits = { queues: {}, perKey: null }): ModelState {
  return { nowMs: 0, limits: modelLimits, jobs: new Map(), keys: new Map(), leases: new Map() };
}

/** The state with one job put in place of what was there. */
export function withJob(state: ModelState, job: ModelJob): ModelState {
  return { ...state, jobs: new Map(state.jobs).set(job.id, job) };
}

/** The job after an event of the contract's state machine; undefined where the table refuses it. */
export function moved(job: ModelJob, event: JobEvent): ModelJob | undefined {
  const status = transitions[job.status][event];
  if (status === undefined) return undefined;
  const isRunning = status === "running";
  return {
    ...job,
    status,
    place: null,
    leaseUntilMs: isRunning ? job.leaseUntilMs : null,
    worker: status === "pending" ? null : job.worker,
    result: isTerminal(status) ? job.result : null,
  };
}

/** A pending job, due at `dueAtMs`, where it has to wait. */
export function placed(job: ModelJob, dueAtMs: number, nowMs: number): ModelJob {
  return { ...job, dueAtMs, place: dueAtMs <= nowMs ? "ready" : "scheduled" };
}

/** The job after a failed attempt, which it survives while it may be retried and has attempts left. */
export function failed(
  job: ModelJob,
  nowMs: number,
  error: { readonly message: string; readonly retryable: boolean; readonly delayMs: number; readonly by: JobEvent },
): ModelJob | undefined {
  const { message, retryable, delayMs, by } = error;
  const survives = retryable && job.attempts < job.maxAttempts;
  const errors = [...job.errors, { attempt: job.attempts, message }].slice(-limits.errorsKeptMax);
  const next = moved(job, survives ? by : "exhaust");
  if (next === undefined) return undefined;
  const told = { ...next, errors, lastError: message };
  return survives ? placed(told, nowMs + delayMs, nowMs) : told;
}
