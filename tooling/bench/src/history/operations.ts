import type { JobStore } from "@millrace/storage";

import { payloadOf, queueName } from "../contenders/contender.ts";
import { percentile } from "../percentiles.ts";

/** How long an operation took, in milliseconds. */
export interface OperationLatency {
  readonly operation: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const tenantId = "default";
const batch = 50;
const backlog = 2_000;

/** Measures what a worker and a reader do, one call at a time, with some pending jobs about. */
export async function measureOperations(store: JobStore, samples: number): Promise<readonly OperationLatency[]> {
  await enqueue(store, backlog);
  const times = new Map<string, number[]>();
  const timed = async <Value>(operation: string, work: () => Promise<Value>): Promise<Value> => {
    const startMs = performance.now();
    const value = await work();
    times.set(operation, [...(times.get(operation) ?? []), performance.now() - startMs]);
    return value;
  };
  for (let count = 0; count < samples; count++) {
    await timed(`enqueue ${batch} jobs`, () => enqueue(store, batch));
    const claim = { queues: [queueName], limit: batch, leaseMs: 30_000, worker: "bench" };
    const claimed = await timed(`claim ${batch} jobs`, () => store.claimJobs(claim));
    const items = claimed.map(({ leaseToken }) => ({ leaseToken, result: null }));
    await timed(`complete ${batch} jobs`, () => store.completeJobs(items));
    const newest = await timed(`list the newest ${batch}`, () => store.listJobs({ tenantId, limit: batch }));
    await timed(`list ${batch} completed ones`, () => store.listJobs({ tenantId, status: "completed", limit: batch }));
    await timed(`list ${batch} of a queue that has one in twenty`, () =>
      store.listJobs({ tenantId, queue: `${queueName}7`, limit: batch }),
    );
    const job = newest.jobs.at(-1);
    if (job !== undefined) await timed("read one by id", () => store.getJob({ tenantId, id: job.id }));
    await timed("count a queue", () => store.queueStats({ tenantId, queue: queueName }));
  }
  return [...times].map(([operation, all]) => ({
    operation,
    p50Ms: percentile(all, 0.5),
    p99Ms: percentile(all, 0.99),
  }));
}

async function enqueue(store: JobStore, jobs: number): Promise<void> {
  const job = { tenantId, queue: queueName, type: "mail.send", priority: 0, maxAttempts: 20, tags: [] };
  await store.createJobs(Array.from({ length: jobs }, (_, i) => ({ ...job, payload: JSON.stringify(payloadOf(i)) })));
}
