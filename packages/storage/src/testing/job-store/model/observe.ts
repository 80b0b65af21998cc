import type { Job, JobStore } from "../../../jobs/job-store.ts";
import { type JobView, type QueueView, type StoreView, plainView } from "./view.ts";

/** Model durations are hours: what is due or over by the machine's clock is so by far, and what isn't is off by far. */
const slackMs = 20 * 60_000;

/** What the store shows of these tenants, job by job and in every list. @throws Error where its own answers disagree */
export async function observe(store: JobStore, tenantIds: readonly string[]): Promise<StoreView> {
  const jobs: JobView[] = [];
  const queues: QueueView[] = [];
  for (const tenantId of tenantIds) {
    const { jobs: listed } = await store.listJobs({ tenantId, limit: 500 });
    jobs.push(...listed.map(viewOfJob));
    for (const stats of await store.queueStats({ tenantId })) {
      const { queue, pending, scheduled, running, completed, dead, cancelled, oldestPendingAgeMs } = stats;
      if (pending + running + completed + dead + cancelled === 0) continue;
      queues.push({
        tenantId,
        queue,
        pending,
        scheduled,
        running,
        completed,
        dead,
        cancelled,
        hasOldest: oldestPendingAgeMs !== null,
      });
    }
  }
  return {
    jobs: jobs.toSorted((a, b) => (a.id > b.id ? -1 : 1)),
    queues: queues.toSorted((a, b) => (`${a.tenantId}/${a.queue}` < `${b.tenantId}/${b.queue}` ? -1 : 1)),
  };
}

/** The one job as getJob shows it. */
export async function observeJob(
  store: JobStore,
  ref: { readonly tenantId: string; readonly id: string },
): Promise<JobView> {
  return viewOfJob(await store.getJob(ref));
}

function viewOfJob(job: Job): JobView {
  const { status } = job;
  const nowMs = Date.now();
  return {
    ...plainView(job),
    key: job.idempotencyKey,
    concurrencyKey: job.concurrencyKey,
    lockedBy: status === "running" ? job.lockedBy : null,
    isDue: status === "pending" ? job.scheduledAt.getTime() < nowMs + slackMs : null,
    isLeaseOver: status === "running" ? (job.leaseExpiresAt?.getTime() ?? 0) < nowMs : null,
    isFinished: job.completedAt !== null,
  };
}
