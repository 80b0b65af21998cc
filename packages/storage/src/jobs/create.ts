import { MillraceError, isMillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import type { Executor } from "../executor.ts";
import { type Outcome, createCoalescer } from "./coalesce.ts";
import { findJob, findJobs, getJob } from "./find.ts";
import {
  type Inserted,
  type PreparedJob,
  existingKeys,
  freedKeyTriesMax,
  freshJob,
  insert,
  insertAll,
  keyBusy,
  keysReused,
  prepare,
} from "./insert.ts";
import type { CreateOptions, CreatedJob, CreatedJobId, NewJob } from "./job-store.ts";
import type { QueueRegister } from "./queues.ts";
import { type Lane, type Wakeups, encodeWakeup } from "./wakeup.ts";

export interface Creator {
  createJob(job: NewJob, options?: CreateOptions): Promise<CreatedJob>;
  createJobs(jobs: readonly NewJob[], options?: CreateOptions): Promise<readonly CreatedJobId[]>;
  /** Resolves when every accepted job is answered. */
  idle(): Promise<void>;
}

/** `writes` heeds the signals of committed inserts. Single jobs share inserts; batches and jobs in a caller's transaction go their own way. */
export function createCreator(db: Database, writes: Executor, wakeups: Wakeups, queues: QueueRegister): Creator {
  const coalescer = createCoalescer<PreparedJob, CreatedJob>({
    fly,
    bytesOf: (job) => job.payload.length,
    flightsMax: 2,
    itemsMax: 500,
    bytesMax: 4 * 1024 * 1024,
    waitingMax: 10_000,
    refuse: () =>
      new MillraceError("UNAVAILABLE", "Too many jobs are waiting to be stored; try again.", { retryAfterMs: 1_000 }),
  });

  /** The wake-up rides on the insert, or follows once it is committed: announced before, a worker would look and see nothing. */
  async function insertAnnounced(jobs: readonly PreparedJob[]): Promise<Inserted> {
    // Jobs with a concurrency key are announced when they are admitted.
    const lanes = lanesOf(jobs.filter((job) => job.concurrencyKey === undefined));
    const notify = lanes.length === 0 ? null : wakeups.lead(lanes);
    const inserted = await insert(writes, jobs, notify);
    if (notify === null && lanes.length > 0) wakeups.trail(lanes);
    return inserted;
  }

  async function fly(jobs: readonly PreparedJob[]): Promise<readonly Outcome<CreatedJob>[]> {
    await queues.ensure(db, lanesOf(jobs));
    let inserted: Inserted;
    try {
      inserted = await insertAnnounced(jobs);
    } catch (error) {
      // One row that the database refuses must not fail its neighbours; an outage is everybody's.
      if (jobs.length === 1 || isMillraceError(error, "UNAVAILABLE")) throw error;
      const outcomes: Outcome<CreatedJob>[] = [];
      for (const job of jobs) outcomes.push(await settled(alone(job)));
      return outcomes;
    }
    // From here on the insert is committed: whatever goes wrong concerns only those whose keys were taken.
    const { now, keyTaken } = inserted;
    const duplicates = await existingAll(keyTaken).catch(
      (error: unknown) => new Map(keyTaken.map((job) => [job, { ok: false as const, error }])),
    );
    return jobs.map((job) => duplicates.get(job) ?? { ok: true, value: { job: freshJob(job, now), duplicate: false } });
  }

  async function alone(job: PreparedJob): Promise<CreatedJob> {
    const { now, keyTaken } = await insertAnnounced([job]);
    return keyTaken.length === 0 ? { job: freshJob(job, now), duplicate: false } : existing(job);
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
      if (key?.sameRequest === false) outcomes.set(job, { ok: false, error: keysReused([job]) });
      else if (first !== undefined) outcomes.set(job, { ok: true, value: { job: first, duplicate: true } });
      else outcomes.set(job, await settled(existing(job)));
    }
    return outcomes;
  }

  /** The job behind a taken key; inserts after all when that job is deleted meanwhile. */
  async function existing(job: PreparedJob): Promise<CreatedJob> {
    for (let tries = 0; tries < freedKeyTriesMax; tries++) {
      const [key] = await existingKeys(db, [job]);
      if (key?.sameRequest === false) throw keysReused([job]);
      const found = key && (await findJob(db, { tenantId: job.tenantId, id: key.jobId }));
      if (found !== undefined) return { job: found, duplicate: true };
      const { now, keyTaken } = await insertAnnounced([job]);
      if (keyTaken.length === 0) return { job: freshJob(job, now), duplicate: false };
    }
    throw keyBusy();
  }

  return {
    async createJob(job, { tx } = {}) {
      const prepared = prepare(job);
      if (tx === undefined) return coalescer.add(prepared);
      await queues.ensure(db, lanesOf([prepared]));
      const [created] = await insertAll(tx, [prepared], encodeWakeup(wakeupOf([prepared])));
      const { id, duplicate } = created ?? { id: prepared.id, duplicate: false };
      return { job: await getJob(tx, { tenantId: job.tenantId, id }), duplicate };
    },
    async createJobs(jobs, { tx } = {}) {
      if (jobs.length === 0) return [];
      const prepared = jobs.map(prepare);
      const lanes = lanesOf(prepared);
      await queues.ensure(db, lanes);
      if (tx !== undefined) return insertAll(tx, prepared, encodeWakeup(wakeupOf(prepared)));
      const keyed = prepared.some((job) => job.idempotencyKey !== undefined);
      if (!keyed) {
        await insertAnnounced(prepared);
        return prepared.map(({ id }) => ({ id, duplicate: false }));
      }
      return db.withTransaction((own) => insertAll(own, prepared, encodeWakeup(wakeupOf(prepared))));
    },
    idle: () => coalescer.idle(),
  };
}

function settled(answer: Promise<CreatedJob>): Promise<Outcome<CreatedJob>> {
  return answer.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );
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
