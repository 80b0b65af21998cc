import { MillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import { addPayloadSchema } from "../payload-schemas/add.ts";
import { findPayloadSchema } from "../payload-schemas/find.ts";
import { createSchemasInForce } from "../payload-schemas/in-force.ts";
import { listPayloadSchemas } from "../payload-schemas/list.ts";
import { newestPayloadSchemas } from "../payload-schemas/newest.ts";
import { pauseQueue, resumeQueue } from "../queues/pause.ts";
import { putSettings } from "../queues/put-settings.ts";
import { recheckKeys } from "../queues/recheck-keys.ts";
import { getQueueSettings } from "../queues/settings.ts";
import { reportWorkers } from "../workers/report.ts";
import { createAdmission } from "./admission.ts";
import { appendLogs } from "./append-logs.ts";
import { cancelOrphans } from "./cancel-orphans.ts";
import { cancel, cancelMany } from "./cancel.ts";
import { createClaimer } from "./claimer.ts";
import { createCompleter } from "./completer.ts";
import { createCompletingClaimer } from "./completing-claimer.ts";
import { createCreator } from "./create.ts";
import { deleteJob, deleteMany } from "./delete.ts";
import { dropExpired } from "./drop-expired.ts";
import { fail } from "./fail.ts";
import { findJob, getJob, getJobByIdempotencyKey, jobNotFound } from "./find.ts";
import { foldCounts } from "./finished-counts.ts";
import { attemptsAfter, jobVersions, logsAfter } from "./follow.ts";
import { release, snooze } from "./hand-back.ts";
import { heartbeat } from "./heartbeat.ts";
import type { Job, JobRef, JobStore } from "./job-store.ts";
import { listAttempts } from "./list-attempts.ts";
import { list } from "./list.ts";
import { match } from "./match.ts";
import { ensurePartitions } from "./partitions.ts";
import { progress } from "./progress.ts";
import { promote } from "./promote.ts";
import { createQueueRegister } from "./queues.ts";
import { rescue } from "./rescue.ts";
import { retry, retryMany } from "./retry.ts";
import { heeding } from "./signals.ts";
import { queueStats } from "./stats.ts";
import { createStepOver } from "./step-over.ts";
import { sweepKeySlots } from "./sweep-key-slots.ts";
import { sweepKeys } from "./sweep-keys.ts";
import { update } from "./update.ts";
import { type Lane, createWakeups, wakeupChannel } from "./wakeup.ts";
import { whyPending } from "./why-pending.ts";

/** How often a change is tried again on a job that changes its state at that very moment. */
const changeTriesMax = 5;

/**
 * Settings for the connections of the store: plans of the hot statements must not follow statistics, which lag behind a queue that fills and empties
 * (a table that grew since its last ANALYZE gets sequential scans; pinning was worth about 1.6 times the drain rate).
 */
export const hotSession = { plan_cache_mode: "force_generic_plan", enable_seqscan: "off", jit: "off" } as const;

/** The job store on PostgreSQL, on connections with `hotSession`. `close` waits for accepted jobs; the database stays open, it is its owner's. */
export function createPostgresJobStore(db: Database): JobStore {
  const notify = (payload: string) =>
    db.query({ name: "jobs.notify", text: "select pg_notify($1::text, $2::text)" }, [wakeupChannel, payload]);
  const wakeups = createWakeups(notify);
  const admission = createAdmission(db, (lanes) => wakeups.trail(lanes));
  const listener = { admit: () => admission.request(), wake: (lanes: readonly Lane[]) => wakeups.trail(lanes) };
  const writes = heeding(db, listener);
  const claimer = createClaimer(db);
  const stepOver = createStepOver(db);
  const completer = createCompleter(writes, stepOver);
  const schemas = createSchemasInForce({ read: (types) => newestPayloadSchemas(db, types) });
  const creator = createCreator(db, listener, wakeups, createQueueRegister());

  /** Runs a change that needs a certain state until it succeeds or the job is seen in a state that refuses it. */
  const change = async <T>(
    ref: JobRef,
    run: () => Promise<T | undefined>,
    refused: (job: Job) => string | undefined,
  ) => {
    for (let tries = 0; tries < changeTriesMax; tries++) {
      const changed = await run();
      if (changed !== undefined) return changed;
      const job = await findJob(db, ref);
      if (job === undefined) throw jobNotFound(ref.id);
      const reason = refused(job);
      if (reason !== undefined) {
        throw new MillraceError("INVALID_STATE", reason, { extensions: { jobStatus: job.status } });
      }
    }
    throw new MillraceError("UNAVAILABLE", `Job ${ref.id} keeps changing its state; try again.`, { retryAfterMs: 100 });
  };

  return {
    createJob: (job, options) => creator.createJob(job, options),
    createJobs: (jobs, options) => creator.createJobs(jobs, options),
    getJob: (ref) => getJob(db, ref),
    getJobByIdempotencyKey: (tenantId, key) => getJobByIdempotencyKey(db, tenantId, key),
    listJobs: (filter) => list(db, filter),
    whyPending: (ref) => whyPending(db, ref),
    reportWorkers: (workers) => reportWorkers(db, workers),
    listAttempts: (ref, range) => listAttempts(db, ref, range),
    attemptsAfter: (ref, fence) => attemptsAfter(db, ref, fence),
    logsAfter: (ref, seq) => logsAfter(db, ref, seq),
    jobVersions: (watched) => jobVersions(db, watched),
    updateJob: (ref, changes) =>
      change(
        ref,
        () => update(writes, ref, changes),
        (job) => {
          if (job.status !== "pending") return `Job ${job.id} is ${job.status}; only a pending job can be changed.`;
          if (changes.maxAttempts !== undefined && changes.maxAttempts <= job.attempts) {
            return `Job ${job.id} has used ${job.attempts} attempts; maxAttempts must be larger.`;
          }
          return undefined;
        },
      ),
    deleteJob: async (ref) => {
      await change(
        ref,
        async () => (await deleteJob(writes, ref)) || undefined,
        (job) => (job.status === "running" ? `Job ${job.id} is running; cancel it first.` : undefined),
      );
    },
    claimJobs: (request) => claimer(request),
    completeAndClaim: createCompletingClaimer({ db, listener, claimer, completer, stepOver }),
    heartbeat: (leaseTokens, leaseMs) => heartbeat(db, leaseTokens, leaseMs),
    completeJobs: (items) => completer.complete(items),
    failJobs: (items) => stepOver.write(items, (open) => fail(writes, open)),
    snoozeJobs: (items) => stepOver.write(items, (open) => snooze(writes, open)),
    releaseJobs: (items) => stepOver.write(items, (open) => release(writes, open)),
    progressJobs: (items) => progress(db, items),
    appendLogs: (items) => appendLogs(db, items),
    cancelJob: (ref) =>
      change(
        ref,
        () => cancel(writes, ref),
        (job) =>
          job.status === "pending" || job.status === "running" ? undefined : `Job ${job.id} is ${job.status} already.`,
      ),
    retryJob: (ref) =>
      change(
        ref,
        () => retry(writes, ref),
        (job) =>
          job.status === "pending" || job.status === "running"
            ? `Job ${job.id} is ${job.status}; only a finished job can be retried.`
            : undefined,
      ),
    matchJobs: (filter) => match(db, filter),
    cancelJobs: (tenantId, ids) => cancelMany(writes, tenantId, ids),
    retryJobs: (tenantId, ids) => retryMany(writes, tenantId, ids),
    deleteJobs: (tenantId, ids) => deleteMany(writes, tenantId, ids),
    rescueExpired: (limit) => rescue(writes, limit),
    promoteDue: (limit) => promote(writes, limit),
    admitHeld: () => admission.run(),
    ensurePartitions: () => ensurePartitions(db),
    dropExpired: () => dropExpired(db),
    async sweepKeys(limit) {
      await sweepKeySlots(db);
      return sweepKeys(db, limit);
    },
    cancelOrphans: (step) => cancelOrphans(db, step),
    foldCounts: (limit) => foldCounts(db, limit),
    queueStats: (filter) => queueStats(db, filter),
    getQueueSettings: (ref) => getQueueSettings(db, ref),
    async putQueueSettings(ref, changes) {
      const { settings, hasMoreSlots } = await putSettings(db, ref, changes);
      if (hasMoreSlots) {
        await recheckKeys(db, ref);
        admission.request();
      }
      // What is finished before its partition is there would have to be deleted row by row; upkeep makes them within the hour in any case.
      if (changes.retention !== undefined) await ensurePartitions(db).catch(() => 0);
      wakeups.trail([[ref.tenantId, ref.queue]]);
      return settings;
    },
    pauseQueue: (ref) => pauseQueue(db, ref),
    async resumeQueue(ref) {
      const settings = await resumeQueue(db, ref);
      wakeups.trail([[ref.tenantId, ref.queue]]);
      return settings;
    },
    findPayloadSchema: (ref, version) => findPayloadSchema(db, ref, version),
    async addPayloadSchema(ref, version, schema) {
      const added = await addPayloadSchema(db, ref, version, schema);
      schemas.forget(ref);
      return added;
    },
    listPayloadSchemas: (filter) => listPayloadSchemas(db, filter),
    schemasInForce: (tenantId, types) => schemas.get(tenantId, types),
    ping: () => db.ping(),
    async close() {
      await creator.idle();
      await completer.idle();
      await admission.idle();
      wakeups.close();
    },
  };
}
