import { setTimeout as delay } from "node:timers/promises";

import { type HistoryEvent, type Observed } from "@millrace/e2e/history";
import { seededRandom } from "@millrace/e2e/processes";
import { type Database, type JobStore, createDatabase, createPostgresJobStore, hotSession } from "@millrace/storage";
import { testDatabase } from "@millrace/storage/testing";

import { recordStore } from "./record-store.ts";

export interface InProcessOptions {
  readonly seed: number;
  readonly jobs: number;
  /** Stands between each store and its worker, and may break it. */
  readonly wrap?: (store: JobStore, database: Database) => JobStore;
  /** Gives each job its concurrency key. */
  readonly concurrencyKey?: string;
  /** Done before the first job is there. */
  readonly prepare?: (database: Database) => Promise<unknown>;
}

const tenantId = "chaos";
const leaseMs = 150;
const workers = 4;
/** Of all attempts, so many sleep past their lease and then finish as if nothing had been. */
const sleepers = 0.15;
const failures = 0.1;

/**
 * The same in small: workers in this process, each with a store and connections of its own, race over the jobs of a producer, and some
 * of them sleep past their leases. Answers the history, with what the store shows in the end.
 */
export async function runInProcess(options: InProcessOptions): Promise<readonly HistoryEvent[]> {
  const { seed, jobs, wrap, concurrencyKey, prepare } = options;
  await using test = await testDatabase();
  await prepare?.(test.database);
  const events: HistoryEvent[] = [];
  const truth = createPostgresJobStore(test.database);
  const databases = Array.from({ length: workers + 1 }, () =>
    createDatabase({ url: test.url, poolMax: 4, session: hotSession }),
  );
  const plain = databases.map((database) => createPostgresJobStore(database));
  const [producer, ...stores] = plain.map((store, index) =>
    recordStore(wrap?.(store, databases[index]!) ?? store, `worker-${index}`, (event) => events.push(event)),
  );

  const isOpen = async () => {
    const stats = await truth.queueStats({ tenantId });
    return stats.some(({ pending, running }) => pending + running > 0);
  };
  let stopping = false;
  async function work(store: JobStore, index: number): Promise<void> {
    const random = seededRandom(seed * 10 + index);
    while (!stopping) {
      await store.promoteDue(100);
      await store.rescueExpired(100);
      const claimed = await store.claimJobs({ limit: 2, leaseMs, worker: `worker-${index}` });
      if (claimed.length === 0) await delay(5);
      for (const { leaseToken, job } of claimed) {
        await delay(random() < sleepers ? leaseMs * 2 : random() * 10);
        if (random() < failures) await store.failJobs([{ leaseToken, message: "as it goes", retryable: true }]);
        else {
          const result = JSON.stringify({ fence: job.fence, worker: `worker-${index}` });
          await store.completeJobs([{ leaseToken, result }]);
        }
      }
    }
  }

  const working = stores.map((store, index) => work(store, index + 1));
  for (let count = 0; count < jobs; count++) {
    await producer?.createJob({
      tenantId,
      queue: "default",
      type: "chaos.job",
      payload: "{}",
      priority: 0,
      maxAttempts: 100,
      retry: { kind: "fixed", delayMs: 0 },
      tags: [],
      concurrencyKey,
    });
  }
  while (await isOpen()) await delay(20);
  stopping = true;
  await Promise.all(working);
  const { jobs: left } = await truth.listJobs({ tenantId, limit: 500 });
  for (const { id: jobId, status, attempts, result } of left) {
    const finishedBy = status === "completed" ? (result as Observed["finishedBy"]) : null;
    events.push({ kind: "observed", jobId, status, attempts, finishedBy });
  }
  await Promise.all([truth, ...plain].map((store) => store.close()));
  await Promise.all(databases.map((database) => database.close({ graceMs: 0 })));
  return events;
}
