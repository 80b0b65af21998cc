import type {
  AttemptOutcome,
  DependencyPolicy,
  DuplicatePolicy,
  JobStatus,
  Json,
  LogLineLevel,
  RetryPolicy,
} from "@millrace/contract";

import type { CallerTransaction } from "../database/caller-transaction.ts";

/** One failed attempt, newest last in `Job.errors`. */
export interface JobError {
  readonly attempt: number;
  /** RFC 3339 UTC, the database's clock. */
  readonly at: string;
  readonly message: string;
  readonly stack?: string;
}

/** A job as the store shows it, whichever tables hold it. */
export interface Job {
  readonly id: string;
  readonly tenantId: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: Json;
  readonly status: JobStatus;
  readonly priority: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly retry: RetryPolicy | null;
  readonly lastError: string | null;
  readonly errors: readonly JobError[];
  readonly idempotencyKey: string | null;
  readonly concurrencyKey: string | null;
  readonly tags: readonly string[];
  readonly result: Json;
  readonly progress: Json;
  readonly lockedBy: string | null;
  readonly lockedAt: Date | null;
  readonly leaseExpiresAt: Date | null;
  readonly fence: number;
  readonly timeoutMs: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly scheduledAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly traceparent: string | null;
  /** The caller's own trace id, where it differs from the one in `traceparent`. */
  readonly traceId: string | null;
}

/** One attempt at a job. */
export interface JobAttempt {
  /** Which claim of the job it was: larger is later. Never shown. */
  readonly fence: number;
  readonly attempt: number;
  readonly startedAt: Date | null;
  /** Null while it runs. */
  readonly endedAt: Date | null;
  readonly worker: string | null;
  readonly outcome: AttemptOutcome;
  readonly error?: { readonly message: string; readonly stack?: string };
}

/** Which attempts of a job to list. */
export interface AttemptRange {
  /** Those of later claims than this one. */
  readonly afterFence?: number | undefined;
  /** Default 500. */
  readonly limit?: number | undefined;
}

/** A line of a job's log. */
export interface NewLogLine {
  readonly level: LogLineLevel;
  readonly message: string;
}

export interface JobLogLine extends NewLogLine {
  /** Rises from line to line of a job. */
  readonly seq: number;
  readonly loggedAt: Date;
  readonly attempt: number;
}

/** A job to look for changes of, with its log or without. */
export interface WatchedJob {
  readonly id: string;
  readonly logs: boolean;
}

export interface NewJob {
  readonly tenantId: string;
  readonly queue: string;
  readonly type: string;
  /** JSON text, stored as it is. */
  readonly payload: string;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly retry?: RetryPolicy | undefined;
  readonly timeoutMs?: number | undefined;
  /** Absolute due time, or `delayMs` after the database's now; due at once without either. */
  readonly scheduledAt?: Date | undefined;
  readonly delayMs?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Digest of the request; needed with an idempotency key. */
  readonly requestHash?: string | undefined;
  /** What happens when the key is taken; default `existing`. */
  readonly onDuplicate?: DuplicatePolicy | undefined;
  /** How long the key is taken from now on; absent is as long as the job is kept. */
  readonly keyWindowMs?: number | undefined;
  readonly concurrencyKey?: string | undefined;
  /** Jobs that have to complete before: ids, or positions of jobs that are created by the same call. */
  readonly dependsOn?: readonly (string | number)[] | undefined;
  /** What happens when one of them dies or is cancelled; default `cancel`. */
  readonly onDependencyFailure?: DependencyPolicy | undefined;
  readonly tags: readonly string[];
  readonly traceparent?: string | undefined;
  readonly traceId?: string | undefined;
}

export interface JobRef {
  readonly tenantId: string;
  readonly id: string;
}

export interface CreatedJob {
  readonly job: Job;
  /** True when the idempotency key named this job already. */
  readonly duplicate: boolean;
  /** Present when the request has taken the place of the one before, by its policy. */
  readonly replaced?: true;
}

export interface CreatedJobId {
  readonly id: string;
  readonly duplicate: boolean;
  readonly replaced?: true;
}

export interface CreateOptions {
  /** The caller's own transaction, of this package or of the caller's own client: the job is enqueued if and only if it commits. */
  readonly tx?: CallerTransaction | undefined;
}

export interface JobFilter {
  readonly tenantId: string;
  readonly status?: JobStatus | undefined;
  readonly queue?: string | undefined;
  readonly type?: string | undefined;
  readonly tag?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  readonly scheduledBefore?: Date | undefined;
  /** 1-500. */
  readonly limit: number;
  /** Jobs older than this id (exclusive): the keyset cursor. */
  readonly beforeId?: string | undefined;
}

/** What jobs have to be like; every condition that is given. */
export interface JobConditions extends Omit<JobFilter, "status" | "limit"> {
  readonly statuses?: readonly JobStatus[] | undefined;
}

export interface JobMatch extends JobConditions {
  /** 1-1,000. */
  readonly limit: number;
}

export interface JobMatches {
  /** Newest first. May be fewer than `limit` while `nextBeforeId` is set: a look examines a bounded number of rows. */
  readonly ids: readonly string[];
  readonly nextBeforeId: string | null;
}

export interface JobPage {
  /** Newest first. May be shorter than `limit` while `nextBeforeId` is set: a page examines a bounded number of rows. */
  readonly jobs: readonly Job[];
  readonly nextBeforeId: string | null;
}

export interface JobChanges {
  readonly priority?: number | undefined;
  readonly scheduledAt?: Date | undefined;
  readonly delayMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  /** JSON text. */
  readonly payload?: string | undefined;
}

/** A worker that is there, and what it works. */
export interface WorkerReport {
  /** Undefined: it works for every tenant. */
  readonly tenantId?: string | undefined;
  readonly name: string;
  /** Undefined: every queue. */
  readonly queues?: readonly string[] | undefined;
  /** Undefined: every type. */
  readonly types?: readonly string[] | undefined;
}

/** What keeps a pending job waiting. */
export interface PendingFacts {
  readonly queue: string;
  readonly type: string;
  readonly concurrencyKey: string | null;
  /** When it is due, if that is to come. */
  readonly dueAt: Date | null;
  readonly pausedAt: Date | null;
  /** How many jobs of its queue may run; null for any number. */
  readonly runningMax: number | null;
  readonly running: number | null;
  /** How long its queue's rate limit keeps every job; 0 for not at all, null without a limit. */
  readonly nextTokenInMs: number | null;
  readonly keyRunningMax: number;
  /** How many slots of its key are in use; null for none. */
  readonly keyUsed: number | null;
  /** Of those that wait for the key's slots, how many come before it; null when it doesn't wait for one. At most 10,000. */
  readonly aheadOfKey: number | null;
  /** Of those that can be claimed, how many come before it; null when it can't be. At most 10,000. */
  readonly ahead: number | null;
  /** The jobs that it waits for, the first 100. */
  readonly waitsFor: readonly { readonly id: string; readonly status: JobStatus | null }[] | null;
  readonly hasWorker: boolean;
}
