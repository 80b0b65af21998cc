import type { ClaimedJob, JobStore, NewJob } from "../../jobs/job-store.ts";

/** A store to test, empty, and how to put it away. */
export interface JobStoreFixture {
  readonly store: JobStore;
  close(): Promise<void>;
}

export type OpenJobStore = () => Promise<JobStoreFixture>;

/** A plain job of one tenant; `changes` say what the test is about. */
export function newJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    tenantId: "acme",
    queue: "default",
    type: "test.noop",
    payload: "{}",
    priority: 0,
    maxAttempts: 20,
    tags: [],
    ...changes,
  };
}

/** The one job that can be claimed now. */
export async function claimOne(
  store: JobStore,
  options: { leaseMs?: number; queue?: string; worker?: string } = {},
): Promise<ClaimedJob> {
  const [claimed] = await store.claimJobs({
    queues: options.queue === undefined ? undefined : [options.queue],
    limit: 1,
    leaseMs: options.leaseMs ?? 3_600_000,
    worker: options.worker ?? "worker-1",
  });
  if (claimed === undefined) throw new Error("nothing could be claimed");
  return claimed;
}

/** Creates one job and claims it. */
export async function createAndClaim(
  store: JobStore,
  changes: Partial<NewJob> = {},
  leaseMs = 3_600_000,
): Promise<ClaimedJob> {
  await store.createJob(newJob(changes));
  return claimOne(store, { leaseMs, ...(changes.queue === undefined ? {} : { queue: changes.queue }) });
}

/** Asks again until `probe` answers something. */
export async function until<T>(probe: () => Promise<T | undefined | false>, withinMs = 30_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
