import type {
  AttemptOutcome,
  LogLineLevel,
  DependencyPolicy,
  DuplicatePolicy,
  Json,
  JobStatus,
  RetryPolicy,
} from "@millrace/contract";

import type { CallerTransaction } from "../database/caller-transaction.ts";
import type { PayloadSchemaStore } from "../payload-schemas/payload-schema-store.ts";
import type { QueueStore } from "../queues/queue-store.ts";

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

export interface ClaimRequest {
  /** Queues to claim from; undefined is every queue. */
  readonly queues?: readonly string[] | undefined;
  /** Types to claim; undefined is every type. */
  readonly types?: readonly string[] | undefined;
  /** Claim for one tenant only; undefined is every tenant, in turns. */
  readonly tenantId?: string | undefined;
  readonly limit: number;
  readonly leaseMs: number;
  readonly worker: string;
  /** Told when the claim left jobs that a rate limit will let start, or that another claimer held back: in so many milliseconds it is worth asking again. */
  readonly onRetryIn?: ((ms: number) => void) | undefined;
}

export interface ClaimedJob {
  readonly job: Job;
  /** Opaque proof of this claim; new at every claim. */
  readonly leaseToken: string;
}

/** The outcome of one item of a batched owner's write. A stale token is `lost`, and changed nothing. */
export type LeaseOutcome =
  | { readonly ok: true; readonly status: JobStatus }
  | { readonly ok: false; readonly reason: "lost"; readonly status: JobStatus | null };

export interface HeartbeatOutcome {
  readonly ok: boolean;
  /** The job's present state; null when there is no such job. */
  readonly status: JobStatus | null;
  /** True when the job was cancelled: the owner should stop. */
  readonly cancelRequested: boolean;
}

export interface CompleteItem {
  readonly leaseToken: string;
  /** JSON text or null. */
  readonly result: string | null;
}

export interface FailItem {
  readonly leaseToken: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** False kills the job at once. */
  readonly retryable: boolean;
  /** Overrides the retry policy. */
  readonly retryAfterMs?: number | undefined;
}

export interface SnoozeItem {
  readonly leaseToken: string;
  readonly delayMs: number;
}

export interface ReleaseItem {
  readonly leaseToken: string;
}

export interface ProgressItem {
  readonly leaseToken: string;
  /** JSON text. */
  readonly progress: string;
}

export interface LogItem {
  readonly leaseToken: string;
  readonly lines: readonly NewLogLine[];
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

export interface RescueResult {
  readonly retried: number;
  readonly dead: number;
}

export interface DroppedExpired {
  /** How many partitions this call dropped. */
  readonly dropped: number;
  /** How many it left because somebody was in the way, or was faster: ask again soon. */
  readonly remaining: number;
}

/**
 * The contract of every job backend; `describeJobStore` in `@millrace/storage/testing` is its proof.
 * Every job is addressed by tenant and id: another tenant's job is JOB_NOT_FOUND.
 * Owner's writes (complete, fail, snooze, release, progress, heartbeat) are batched, carry a lease token an item,
 * and answer an outcome an item, in input order. All times are the database's.
 */
export interface JobStore extends QueueStore, PayloadSchemaStore {
  /**
   * Creates one job; concurrent callers share one insert.
   * @throws IDEMPOTENCY_KEY_REUSED for a known key with another request hash, DUPLICATE_JOB where the policy says so, VALIDATION_FAILED for a dependency on no job
   */
  createJob(job: NewJob, options?: CreateOptions): Promise<CreatedJob>;
  /** Creates all jobs or none, answers in input order. @throws IDEMPOTENCY_KEY_REUSED, DUPLICATE_JOB, VALIDATION_FAILED for a dependency on no job, or in a circle */
  createJobs(jobs: readonly NewJob[], options?: CreateOptions): Promise<readonly CreatedJobId[]>;
  /** @throws JOB_NOT_FOUND */
  getJob(ref: JobRef): Promise<Job>;
  /** @throws JOB_NOT_FOUND */
  getJobByIdempotencyKey(tenantId: string, key: string): Promise<Job>;
  /** Newest first, by keyset. */
  listJobs(filter: JobFilter): Promise<JobPage>;
  /** What keeps a pending job waiting; undefined for a job that isn't pending. */
  whyPending(ref: JobRef): Promise<PendingFacts | undefined>;
  /** Writes down that these workers, one of a name each, are there; they are forgotten after a day. */
  reportWorkers(workers: readonly WorkerReport[]): Promise<void>;
  /** The newest 500 attempts at a job, oldest first; empty also for a job that isn't there. */
  listAttempts(ref: JobRef): Promise<readonly JobAttempt[]>;
  /** The recorded attempts behind a fence, in their order, at most 500. */
  attemptsAfter(ref: JobRef, fence: number): Promise<readonly JobAttempt[]>;
  /** The log lines behind a number, in their order, at most 500. None ever appears behind one that has been read. */
  logsAfter(ref: JobRef, seq: number): Promise<readonly JobLogLine[]>;
  /** What changes whenever an unfinished job does, by id; one that is finished, or gone, is absent. */
  jobVersions(watched: readonly WatchedJob[]): Promise<ReadonlyMap<string, string>>;
  /** Changes a pending job. @throws JOB_NOT_FOUND, INVALID_STATE */
  updateJob(ref: JobRef, changes: JobChanges): Promise<Job>;
  /** Deletes a job that is not running. @throws JOB_NOT_FOUND, INVALID_STATE */
  deleteJob(ref: JobRef): Promise<void>;
  /**
   * Claims up to `limit` jobs, each tenant that has jobs getting an equal share; never from a paused queue, never beyond a queue's concurrency, rate or keys.
   * Whoever waits for jobs asks again after an empty claim when notified, and as `onRetryIn` says: no notification tells of a token.
   */
  claimJobs(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  /** Extends the leases that are still held to `leaseMs` from now. */
  heartbeat(leaseTokens: readonly string[], leaseMs: number): Promise<readonly HeartbeatOutcome[]>;
  /** The same token with the same result again is answered as it was; with another result it is lost. */
  completeJobs(items: readonly CompleteItem[]): Promise<readonly LeaseOutcome[]>;
  /** Both at once, in one commit where that can be: what a worker does that is busy all the time. */
  completeAndClaim(
    items: readonly CompleteItem[],
    request: ClaimRequest,
  ): Promise<{ readonly outcomes: readonly LeaseOutcome[]; readonly claimed: readonly ClaimedJob[] }>;
  failJobs(items: readonly FailItem[]): Promise<readonly LeaseOutcome[]>;
  /** Back to pending after a delay; the attempt is given back. */
  snoozeJobs(items: readonly SnoozeItem[]): Promise<readonly LeaseOutcome[]>;
  /** Hands jobs back at once; the attempt is given back. */
  releaseJobs(items: readonly ReleaseItem[]): Promise<readonly LeaseOutcome[]>;
  progressJobs(items: readonly ProgressItem[]): Promise<readonly LeaseOutcome[]>;
  /** Appends lines to the jobs' logs; what is over a job's bound is dropped. */
  appendLogs(items: readonly LogItem[]): Promise<readonly LeaseOutcome[]>;
  /** Cancels a pending or running job; a running one's owner loses its lease. @throws JOB_NOT_FOUND, INVALID_STATE */
  cancelJob(ref: JobRef): Promise<Job>;
  /** Makes a completed, dead or cancelled job pending again. @throws JOB_NOT_FOUND, INVALID_STATE */
  retryJob(ref: JobRef): Promise<Job>;
  /** The ids of the jobs that fit. */
  matchJobs(match: JobMatch): Promise<JobMatches>;
  /** Cancels those of the jobs (at most 1,000) that are pending or running; answers how many. */
  cancelJobs(tenantId: string, ids: readonly string[]): Promise<number>;
  /** Makes those of the jobs (at most 1,000) pending again that are finished; answers how many. */
  retryJobs(tenantId: string, ids: readonly string[]): Promise<number>;
  /** Deletes those of the jobs (at most 1,000) that are not running; answers how many. */
  deleteJobs(tenantId: string, ids: readonly string[]): Promise<number>;
  /** Retries or kills the jobs of expired leases, at most `limit` leases; safe to race. */
  rescueExpired(limit: number): Promise<RescueResult>;
  /** Moves due scheduled jobs to where they can be claimed, at most `limit`; answers how many and how long until the next one is due. */
  promoteDue(limit: number): Promise<{ readonly promoted: number; readonly nextDueInMs: number | null }>;
  /**
   * Lets jobs that wait for their concurrency keys become claimable where there are free slots; answers how many keys it looked at. The store does so itself
   * after its own writes. Whoever listens does it on a wake-up that `wantsAdmission`, and upkeep every second, for writers that died; safe to race.
   */
  admitHeld(): Promise<number>;
  /** Makes the tables ready for the days to come; answers how many parts were made. Safe to race. */
  ensurePartitions(): Promise<number>;
  /** Forgets what has been kept for its time: finished jobs, attempts, log lines, workers, the audit log. Due every hour, safe to race. */
  dropExpired(): Promise<DroppedExpired>;
  /** Deletes at most `limit` idempotency keys whose window has passed; answers how many. Due every few minutes, safe to race. */
  sweepKeys(limit: number): Promise<number>;
  /** Cancels the jobs that wait for at most `limit` jobs that are no longer kept; answers for how many of these. Due after `dropExpired`, safe to race. */
  cancelOrphans(limit: number): Promise<number>;
  /** Folds at most `limit` changes of the counts of finished jobs; answers how many rows fewer there are. Due every few seconds, safe to race. */
  foldCounts(limit: number): Promise<number>;
  /** Answers when the database does. @throws UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
