import { MillraceError, isMillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import { callerExecutor } from "../database/caller-transaction.ts";
import type { Executor } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import { createDepthGate, type Entry } from "../queues/depth-gate.ts";
import { readDepths } from "../queues/depth.ts";
import { retryConflicts } from "../retry-conflicts.ts";
import { type Outcome, createCoalescer, settleEach, settled } from "./coalesce.ts";
import { existingKeys } from "./existing-keys.ts";
import { findJobs, getJob } from "./find.ts";
import { type PreparedFlow, insertAll, prepareFlow } from "./insert-all.ts";
import { type Inserted, type PreparedJob, freshJob, insert, prepare } from "./insert.ts";
import type { CreateOptions, CreatedJob, CreatedJobId, Job, NewJob } from "./job-store.ts";
import { duplicateJob, keysReused } from "./key-errors.ts";
import { createLockedKeys } from "./locked-keys.ts";
import type { QueueRegister } from "./queues.ts";
import { type SignalListener, heeding } from "./signals.ts";
import { type Lane, type Wakeups, encodeWakeup } from "./wakeup.ts";

export interface Creator {
  createJob(job: NewJob, options?: CreateOptions): Promise<CreatedJob>;
  createJobs(jobs: readonly NewJob[], options?: CreateOptions): Promise<readonly CreatedJobId[]>;
  /** Resolves when every accepted job is answered. */
  idle(): Promise<void>;
}

/**
 * Single jobs share inserts as long as nothing but a known key can be in their way; others, batches and jobs in a caller's transaction go their own way.
 * `listener` hears what committed inserts have made possible.
 */
export function createCreator(
  db: Database,
  listener: SignalListener,
  wakeups: Wakeups,
  queues: QueueRegister,
): Creator {
  const writes = heeding(db, listener);
  const gate = createDepthGate({ read: (lanes) => readDepths(db, lanes) });
  const shared = {
    bytesOf: (job: PreparedJob) => job.payload.length,
    flightsMax: 2,
    bytesMax: 4 * 1024 * 1024,
    waitingMax: 10_000,
    refuse: () =>
      new MillraceError("UNAVAILABLE", "Too many jobs are waiting to be stored; try again.", { retryAfterMs: 1_000 }),
  };
  const coalescer = createCoalescer<PreparedJob, CreatedJob>({ ...shared, fly, itemsMax: 500 });
  /** Jobs whose keys an open transaction may hold: each by itself, a few at a time, since each may wait for a lock and keep a connection. */
  const lone = createCoalescer<PreparedJob, CreatedJob>({ ...shared, fly: flyAlone, itemsMax: 1 });
  const lockedKeys = createLockedKeys();

  /** The wake-up rides on the insert, or follows once it is committed: announced before, a worker would look and see nothing. */
  async function insertAnnounced(jobs: readonly PreparedJob[]): Promise<Inserted> {
    // Jobs with a concurrency key are announced when they are admitted.
    const lanes = lanesOf(jobs.filter((job) => job.concurrencyKey === undefined));
    const notify = lanes.length === 0 ? null : wakeups.lead(lanes);
    const inserted = await insert(writes, jobs, notify);
    if (notify === null && lanes.length > 0) wakeups.trail(lanes);
    return inserted;
  }

  /** Lets jobs in as far as their queues have room. One whose key is taken adds none, so it is answered also where its queue is full. */
  async function enter(jobs: readonly PreparedJob[]): Promise<Entry<PreparedJob>> {
    const { refused, done } = await gate.enter(jobs);
    if (refused.size === 0) return { refused, done };
    const keyed = [...refused.keys()].filter((job) => job.idempotencyKey !== undefined);
    const keys = await existingKeys(db, keyed);
    const known = new Set(keyed.filter((_, index) => keys[index]?.expired === false));
    return { refused: new Map([...refused].filter(([job]) => !known.has(job))), done };
  }

  /** Stores all of the jobs, or none where one finds its queue full. @throws QUEUE_FULL */
  async function whole<T>(jobs: readonly PreparedJob[], create: () => Promise<T>): Promise<T> {
    const { refused, done } = await enter(jobs);
    const [full] = refused.values();
    let stored = false;
    try {
      if (full !== undefined) throw full;
      const answer = await create();
      stored = true;
      return answer;
    } finally {
      done(stored);
    }
  }

  async function fly(jobs: readonly PreparedJob[]): Promise<readonly Outcome<CreatedJob>[]> {
    await queues.ensure(db, lanesOf(jobs));
    const { refused, done } = await enter(jobs);
    let stored = false;
    try {
      const entering = refused.size === 0 ? jobs : jobs.filter((job) => !refused.has(job));
      const outcomes = entering.length === 0 ? [] : await store(entering);
      stored = true;
      if (refused.size === 0) return outcomes;
      const answers = new Map(entering.map((job, index) => [job, outcomes[index]]));
      return jobs.map((job) => answers.get(job) ?? { ok: false, error: refused.get(job) });
    } finally {
      done(stored);
    }
  }

  async function store(jobs: readonly PreparedJob[]): Promise<readonly Outcome<CreatedJob>[]> {
    let inserted: Inserted;
    try {
      inserted = await insertAnnounced(jobs);
    } catch (error) {
      if (jobs.length > 1 && isLocked(error)) return storeApart(jobs);
      // One row that the database refuses must not fail its neighbours; an outage is everybody's.
      if (jobs.length === 1 || isMillraceError(error, "UNAVAILABLE")) throw error;
      return settleEach(jobs, alone);
    }
    // From here on the insert is committed: whatever goes wrong concerns only those whose keys were taken.
    const { now, keyTaken } = inserted;
    const duplicates = await existingAll(keyTaken).catch(
      (error: unknown) => new Map(keyTaken.map((job) => [job, { ok: false as const, error }])),
    );
    return jobs.map((job) => duplicates.get(job) ?? { ok: true, value: { job: freshJob(job, now), duplicate: false } });
  }

  /** Somebody's transaction holds a key, and nothing was written: the jobs without keys go now, and wait for none of the others. */
  async function storeApart(jobs: readonly PreparedJob[]): Promise<readonly Outcome<CreatedJob>[]> {
    const free = jobs.filter((job) => job.idempotencyKey === undefined);
    const outcomes = (free.length === 0 ? [] : await store(free)).values();
    return jobs.map((job): Outcome<CreatedJob> => {
      if (job.idempotencyKey !== undefined) return { ok: true, value: lone.add(job) };
      return (
        outcomes.next().value ?? { ok: false, error: new MillraceError("INTERNAL", "The insert answered nothing.") }
      );
    });
  }

  function flyAlone(jobs: readonly PreparedJob[]): Promise<readonly Outcome<CreatedJob>[]> {
    return settleEach(jobs, async (job) => {
      try {
        return await alone(job);
      } catch (error) {
        if (isLocked(error)) lockedKeys.add(job);
        throw error;
      }
    });
  }

  async function alone(job: PreparedJob): Promise<CreatedJob> {
    const { now, keyTaken } = await insertAnnounced([job]);
    return keyTaken.length === 0 ? { job: freshJob(job, now), duplicate: false } : inOwnTransaction(job);
  }

  /** What comes of jobs whose keys were taken, by two statements for all of them. */
  async function existingAll(jobs: readonly PreparedJob[]): Promise<ReadonlyMap<PreparedJob, Outcome<CreatedJob>>> {
    const keys = await existingKeys(db, jobs);
    const refs = jobs.flatMap(({ tenantId }, index) => {
      const id = keys[index]?.jobId;
      return id === undefined ? [] : [{ tenantId, id }];
    });
    const found = await findJobs(db, refs);
    const outcomes = new Map<PreparedJob, Outcome<CreatedJob>>();
    for (const [index, job] of jobs.entries()) {
      const key = keys[index];
      const first = key && found.get(key.jobId);
      outcomes.set(
        job,
        key === undefined || key.expired || first === undefined
          ? await settled(inOwnTransaction(job))
          : answerDuplicate(job, key.sameRequest, first),
      );
    }
    return outcomes;
  }

  /** Runs what a single statement can't decide; nothing is announced before it is committed. */
  async function createAll(flow: PreparedFlow): Promise<readonly CreatedJobId[]> {
    const signals: (() => void)[] = [];
    const created = await retryConflicts(() => {
      signals.length = 0;
      return db.withTransaction((tx) =>
        insertAll(
          heeding(tx, {
            admit: () => signals.push(() => listener.admit()),
            wake: (lanes) => signals.push(() => listener.wake(lanes)),
          }),
          flow,
          null,
        ),
      );
    });
    for (const signal of signals) signal();
    wakeups.trail(lanesOf(flow.jobs.filter((job) => job.concurrencyKey === undefined)));
    return created;
  }

  async function inOwnTransaction(job: PreparedJob): Promise<CreatedJob> {
    const [created] = await createAll({ jobs: [job], order: [0], pathOf: () => "" });
    return withJob(db, job, created);
  }

  async function createByItself(job: PreparedJob): Promise<CreatedJob> {
    await queues.ensure(db, lanesOf([job]));
    return whole([job], () => inOwnTransaction(job));
  }

  return {
    async createJob(job, { tx } = {}) {
      if (tx === undefined) {
        const prepared = prepare(job);
        return sharesInsert(job) && !lockedKeys.has(job) ? coalescer.add(prepared) : createByItself(prepared);
      }
      const flow = prepareFlow([job], () => "");
      const own = callerExecutor(tx);
      await queues.ensure(db, lanesOf(flow.jobs));
      const [created] = await whole(flow.jobs, () => insertAll(own, flow, encodeWakeup(wakeupOf(flow.jobs))));
      return withJob(own, job, created);
    },
    async createJobs(jobs, { tx } = {}) {
      if (jobs.length === 0) return [];
      const flow = prepareFlow(jobs, (index) => `jobs.${index}.`);
      await queues.ensure(db, lanesOf(flow.jobs));
      return whole(flow.jobs, async () => {
        if (tx !== undefined) return insertAll(callerExecutor(tx), flow, encodeWakeup(wakeupOf(flow.jobs)));
        if (jobs.some((job) => job.idempotencyKey !== undefined || job.dependsOn !== undefined)) return createAll(flow);
        await insertAnnounced(flow.jobs);
        return flow.jobs.map(({ id }) => ({ id, duplicate: false }));
      });
    },
    async idle() {
      await coalescer.idle();
      await lone.idle();
    },
  };
}

function sharesInsert({ dependsOn, onDuplicate }: NewJob): boolean {
  return dependsOn === undefined && onDuplicate !== "replace" && onDuplicate !== "keepLast";
}

function answerDuplicate(job: PreparedJob, sameRequest: boolean, first: Job): Outcome<CreatedJob> {
  if (job.onDuplicate === "reject") return { ok: false, error: duplicateJob({ job, path: "" }, first) };
  if (!sameRequest) return { ok: false, error: keysReused([{ job, path: "" }]) };
  return { ok: true, value: { job: first, duplicate: true } };
}

async function withJob(db: Executor, { tenantId }: NewJob, created: CreatedJobId | undefined): Promise<CreatedJob> {
  if (created === undefined) throw new MillraceError("INTERNAL", "The insert answered nothing.");
  const { id, ...answer } = created;
  return { ...answer, job: await getJob(db, { tenantId, id }) };
}

/** What to announce where admission is left to whoever is woken: these writes are not heeded. */
function wakeupOf(jobs: readonly PreparedJob[]): readonly Lane[] {
  const held = lanesOf(jobs.filter((job) => job.concurrencyKey !== undefined));
  return [
    ...lanesOf(jobs.filter((job) => job.concurrencyKey === undefined)),
    ...held.map(([tenantId, queue]): Lane => [tenantId, queue, "held"]),
  ];
}

function lanesOf(jobs: readonly PreparedJob[]): readonly Lane[] {
  const lanes = new Map<string, Lane>();
  for (const job of jobs) lanes.set(`${job.tenantId}/${job.queue}`, [job.tenantId, job.queue]);
  return [...lanes.values()];
}
