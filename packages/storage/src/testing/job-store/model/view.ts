import { isTerminal } from "@millrace/contract";

import type { ModelJob, ModelState } from "./state.ts";

/** What anybody can see of a job, without exact times. */
export interface JobView {
  readonly id: string;
  readonly tenantId: string;
  readonly queue: string;
  readonly type: string;
  readonly status: string;
  readonly priority: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly fence: number;
  readonly payload: unknown;
  readonly key: string | null;
  readonly concurrencyKey: string | null;
  readonly lockedBy: string | null;
  readonly isDue: boolean | null;
  readonly isLeaseOver: boolean | null;
  readonly isFinished: boolean;
  readonly lastError: string | null;
  readonly errors: readonly string[];
  readonly result: unknown;
  readonly progress: unknown;
}

export interface QueueView {
  readonly tenantId: string;
  readonly queue: string;
  readonly pending: number;
  readonly scheduled: number;
  readonly running: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly hasOldest: boolean | null;
}

/** What a store shows of all its jobs and queues: jobs newest first, queues with jobs only. */
export interface StoreView {
  readonly jobs: readonly JobView[];
  readonly queues: readonly QueueView[];
}

/** What a store in this state has to show. */
export function viewOf(state: ModelState): StoreView {
  const jobs = [...state.jobs.values()];
  const lanes = Map.groupBy(jobs, (job) => `${job.tenantId}/${job.queue}`);
  return {
    jobs: jobs.map((job) => viewOfJob(job, state.nowMs)).toSorted((a, b) => (a.id > b.id ? -1 : 1)),
    queues: [...lanes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, lane]) => viewOfQueue(lane)),
  };
}

function viewOfJob(job: ModelJob, nowMs: number): JobView {
  const { key, concurrencyKey, status } = job;
  return {
    ...plainView(job),
    key,
    concurrencyKey,
    lockedBy: status === "running" ? job.worker : null,
    isDue: status === "pending" ? job.dueAtMs <= nowMs : null,
    isLeaseOver: status === "running" ? (job.leaseUntilMs ?? 0) <= nowMs : null,
    isFinished: isTerminal(status),
  };
}

type Plain = Exclude<
  keyof JobView,
  "key" | "concurrencyKey" | "lockedBy" | "isDue" | "isLeaseOver" | "isFinished" | "errors"
>;

/** What a job of a store and one of the model have by the same names. */
export function plainView(
  job: Pick<JobView, Plain> & { readonly errors: readonly { readonly attempt: number; readonly message: string }[] },
): Pick<JobView, Plain | "errors"> {
  const { id, tenantId, queue, type, status, priority, attempts, maxAttempts, fence, payload, lastError } = job;
  const { result, progress } = job;
  const errors = job.errors.map(({ attempt, message }) => `${attempt}: ${message}`);
  return {
    id,
    tenantId,
    queue,
    type,
    status,
    priority,
    attempts,
    maxAttempts,
    fence,
    payload,
    lastError,
    errors,
    result,
    progress,
  };
}

function viewOfQueue(jobs: readonly ModelJob[]): QueueView {
  const [first] = jobs;
  const count = (status: string) => jobs.filter((job) => job.status === status).length;
  return {
    tenantId: first?.tenantId ?? "",
    queue: first?.queue ?? "",
    pending: count("pending"),
    scheduled: jobs.filter(({ place }) => place === "scheduled").length,
    running: count("running"),
    completed: count("completed"),
    dead: count("dead"),
    cancelled: count("cancelled"),
    hasOldest: jobs.some(({ place }) => place === "ready"),
  };
}
