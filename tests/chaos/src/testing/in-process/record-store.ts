import type { HistoryEvent } from "@millrace/e2e/history";
import { type JobStore, type LeaseOutcome, decodeLeaseToken } from "@millrace/storage";

/** A store that writes down what it was asked and what it answered, as the processes of a fleet do. */
export function recordStore(store: JobStore, worker: string, append: (event: HistoryEvent) => void): JobStore {
  const settling = async <Item extends { readonly leaseToken: string }>(
    verb: "complete" | "fail" | "snooze" | "release",
    items: readonly Item[],
    write: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
  ): Promise<readonly LeaseOutcome[]> => {
    const fromMs = Date.now();
    const outcomes = await write(items);
    const atMs = Date.now();
    for (const [index, { leaseToken }] of items.entries()) {
      const { ok = null, status = null } = outcomes[index] ?? {};
      append({ kind: "settled", ...leaseOf(leaseToken), worker, verb, fromMs, atMs, ok, status });
    }
    return outcomes;
  };
  return {
    ...store,
    async createJob(job, options) {
      const created = await store.createJob(job, options);
      const { queue, maxAttempts, concurrencyKey } = job;
      append({
        kind: "acknowledged",
        jobId: created.job.id,
        queue,
        maxAttempts,
        ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
      });
      return created;
    },
    async claimJobs(request) {
      const fromMs = Date.now();
      const claimed = await store.claimJobs(request);
      const atMs = Date.now();
      for (const { job, leaseToken } of claimed) {
        const { leaseMs } = request;
        append({ kind: "claimed", ...leaseOf(leaseToken), attempt: job.attempts, worker, fromMs, atMs, leaseMs });
      }
      return claimed;
    },
    async heartbeat(tokens, leaseMs) {
      const fromMs = Date.now();
      const outcomes = await store.heartbeat(tokens, leaseMs);
      const atMs = Date.now();
      for (const [index, token] of tokens.entries()) {
        const ok = outcomes[index]?.ok === true;
        append({ kind: "beaten", ...leaseOf(token), worker, fromMs, atMs, leaseMs, ok });
      }
      return outcomes;
    },
    completeJobs: (items) => settling("complete", items, store.completeJobs),
    failJobs: (items) => settling("fail", items, store.failJobs),
    snoozeJobs: (items) => settling("snooze", items, store.snoozeJobs),
    releaseJobs: (items) => settling("release", items, store.releaseJobs),
  };
}

function leaseOf(token: string): { readonly jobId: string; readonly fence: number } {
  const lease = decodeLeaseToken(token);
  return { jobId: lease?.id ?? "", fence: lease?.fence ?? 0 };
}
