import { setImmediate as nextTurn } from "node:timers/promises";

import type { HistoryEvent, Observed } from "@millrace/e2e/history";
import {
  type ClaimedJob,
  type Database,
  type JobStore,
  createDatabase,
  createPostgresJobStore,
  hotSession,
} from "@millrace/storage";
import { patient, testDatabase } from "@millrace/storage/testing";

import { recordStore } from "./record-store.ts";

export interface StageOptions {
  readonly workers: number;
  /** Stands between each store and its worker, and may break it. */
  readonly wrap?: ((store: JobStore, database: Database) => JobStore) | undefined;
}

export interface StageWorker {
  /** Makes claimable what is due, and what a lease that is over has held. */
  tidy(): Promise<void>;
  claim(request: { readonly limit: number; readonly leaseMs: number }): Promise<readonly ClaimedJob[]>;
  complete(claimed: ClaimedJob): Promise<void>;
  fail(claimed: ClaimedJob): Promise<void>;
}

/** Workers in this process, each with a store and connections of its own, and a history of what they and a producer do. */
export interface Stage {
  readonly workers: readonly StageWorker[];
  enqueue(jobs: number): Promise<void>;
  isOver(): Promise<boolean>;
  /** The history, with what the store shows in the end. */
  history(): Promise<readonly HistoryEvent[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const tenantId = "chaos";

/** Opens a stage over a database of its own. */
export async function openStage({ workers, wrap }: StageOptions): Promise<Stage> {
  const test = await testDatabase();
  const events: HistoryEvent[] = [];
  const truth = createPostgresJobStore(test.database);
  const databases = Array.from({ length: workers + 1 }, () =>
    createDatabase({ ...patient, url: test.url, poolMax: 4, session: hotSession }),
  );
  const plain = databases.map((database) => createPostgresJobStore(database));
  const [producer, ...stores] = plain.map((store, index) =>
    recordStore(wrap?.(store, databases[index]!) ?? store, nameOf(index), (event) => events.push(event)),
  );
  return {
    workers: stores.map((store, index) => stageWorker(store, nameOf(index + 1))),
    async enqueue(jobs) {
      for (let count = 0; count < jobs; count++) await producer?.createJob(newJob);
    },
    async isOver() {
      const stats = await truth.queueStats({ tenantId });
      return stats.every(({ pending, running }) => pending + running === 0);
    },
    async history() {
      const { jobs } = await truth.listJobs({ tenantId, limit: 500 });
      const observed = jobs.map(({ id: jobId, status, attempts, result }): Observed => {
        const finishedBy = status === "completed" ? (result as Observed["finishedBy"]) : null;
        return { kind: "observed", jobId, status, attempts, finishedBy };
      });
      return [...events, ...observed];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([truth, ...plain].map((store) => store.close()));
      await Promise.all(databases.map((database) => database.close({ graceMs: 0 })));
      await test.close();
    },
  };
}

function stageWorker(store: JobStore, worker: string): StageWorker {
  return {
    async tidy() {
      await store.promoteDue(100);
      await store.rescueExpired(100);
    },
    async claim({ limit, leaseMs }) {
      const claimed = await store.claimJobs({ limit, leaseMs, worker });
      await clockMovesOn();
      return claimed;
    },
    async complete({ leaseToken, job }) {
      const result = JSON.stringify({ fence: job.fence, worker });
      await store.completeJobs([{ leaseToken, result }]);
    },
    async fail({ leaseToken }) {
      await store.failJobs([{ leaseToken, message: "as it goes", retryable: true }]);
    },
  };
}

/** A history tells what was first by its milliseconds: what follows a claim must not share one with it. */
async function clockMovesOn(): Promise<void> {
  for (const atMs = Date.now(); Date.now() === atMs;) await nextTurn();
}

const nameOf = (index: number) => `worker-${index}`;

const newJob = {
  tenantId,
  queue: "default",
  type: "chaos.job",
  payload: "{}",
  priority: 0,
  maxAttempts: 100,
  retry: { kind: "fixed", delayMs: 0 },
  tags: [],
} as const;
