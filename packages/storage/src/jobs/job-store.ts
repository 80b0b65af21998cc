import type { PayloadSchemaStore } from "../payload-schemas/payload-schema-store.ts";
import type { QueueStore } from "../queues/queue-store.ts";
import type {
  AttemptRange,
  CreateOptions,
  CreatedJob,
  CreatedJobId,
  Job,
  JobAttempt,
  JobChanges,
  JobFilter,
  JobLogLine,
  JobMatch,
  JobMatches,
  JobPage,
  JobRef,
  NewJob,
  PendingFacts,
  WatchedJob,
  WorkerReport,
} from "./job.ts";
import type {
  ClaimRequest,
  ClaimedJob,
  CompleteItem,
  FailItem,
  HeartbeatOutcome,
  LeaseOutcome,
  LogItem,
  ProgressItem,
  ReleaseItem,
  SnoozeItem,
} from "./lease.ts";

export type * from "./job.ts";
export type * from "./lease.ts";

export interface RescueResult {
  readonly retried: number;
  readonly dead: number;
  /** Claims that could not be rescued now, and are tried again after others. */
  readonly postponed: number;
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
  /** The attempts at a job, oldest first, the running one included; empty also for a job that isn't there. */
  listAttempts(ref: JobRef, range?: AttemptRange): Promise<readonly JobAttempt[]>;
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
   * Lets jobs that wait for their concurrency keys become claimable where there are free slots; answers how many keys it got on with. The store does so itself
   * after its own writes. Whoever listens does it on a wake-up that `wantsAdmission`, and upkeep every second, for writers that died; safe to race.
   */
  admitHeld(): Promise<number>;
  /** Makes the tables ready for the days to come; answers how many parts were made. Safe to race. */
  ensurePartitions(): Promise<number>;
  /** Forgets what has been kept for its time: finished jobs, attempts, log lines, workers, the audit log. Due every hour, safe to race. */
  dropExpired(): Promise<DroppedExpired>;
  /** Deletes at most `limit` idempotency keys whose window has passed, and answers how many; and what is kept of unused concurrency keys. Due every few minutes, safe to race. */
  sweepKeys(limit: number): Promise<number>;
  /** Cancels the jobs that wait for jobs that are no longer kept, looking at `step` of these at a time; answers how many were gone. Due after `dropExpired`, safe to race. */
  cancelOrphans(step: number): Promise<number>;
  /** Folds at most `limit` changes of the counts of finished jobs; answers how many rows fewer there are. Due every few seconds, safe to race. */
  foldCounts(limit: number): Promise<number>;
  /** Answers when the database does. @throws UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
