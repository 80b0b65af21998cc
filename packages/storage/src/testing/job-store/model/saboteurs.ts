import type { Database } from "../../../database.ts";
import type { ClaimedJob, JobStore } from "../../../jobs/job-store.ts";
import { decodeLeaseToken } from "../../../jobs/lease-token.ts";

/** Makes a store that breaks one promise of another. Those of one kind that are made together share what they know. */
export type Saboteur = () => (store: JobStore, database: Database) => JobStore;

/** No fence: whoever held a job once may write as its owner, since each token is taken for the latest one. */
export const withoutFence: Saboteur = () => {
  const latest = new Map<string, string>();
  const forged = <Item extends { readonly leaseToken: string }>(items: readonly Item[]): readonly Item[] =>
    items.map((item) => ({ ...item, leaseToken: latest.get(jobOf(item.leaseToken)) ?? item.leaseToken }));
  return (store) => ({
    ...store,
    async claimJobs(request) {
      const claimed = await store.claimJobs(request);
      for (const { job, leaseToken } of claimed) latest.set(job.id, leaseToken);
      return claimed;
    },
    completeJobs: (items) => store.completeJobs(forged(items)),
    failJobs: (items) => store.failJobs(forged(items)),
  });
};

/** Says that a job is stored before it is, and every third time it never is, as if the process had died in between. */
export const acknowledgingBeforeCommit: Saboteur = () => {
  let count = 0;
  const crash = new Error("the process dies here");
  return (store, database) => ({
    ...store,
    async createJob(job) {
      const acknowledged = Promise.withResolvers<Awaited<ReturnType<JobStore["createJob"]>>>();
      const transaction = database.withTransaction(async (tx) => {
        acknowledged.resolve(await store.createJob(job, { tx }));
        if (++count % 3 === 0) throw crash;
      });
      // A refusal comes before the acknowledgement; the crash after it.
      await transaction.catch(acknowledged.reject);
      return acknowledged.promise;
    },
  });
};

/** Two claims at the same moment get the same jobs, as they would if neither heeded what the other has locked. */
export const claimingWithoutLocks: Saboteur = () => {
  let underWay: Promise<readonly ClaimedJob[]> | undefined;
  return (store) => ({
    ...store,
    claimJobs(request) {
      underWay ??= store.claimJobs(request).finally(() => (underWay = undefined));
      return underWay;
    },
  });
};

/** A cancelled job stays where it is. */
export const cancellingInWordsOnly: Saboteur = () => (store) => ({ ...store, cancelJob: (ref) => store.getJob(ref) });

/** Rescue takes leases for over that aren't: it gives every running job back. */
export const rescuingTheLiving: Saboteur = () => (store, database) => ({
  ...store,
  async rescueExpired(limit) {
    await database.query({
      name: "fault",
      text: "update millrace.claims set lease_expires_at = now() - interval '1 s'",
    });
    return store.rescueExpired(limit);
  },
});

/** Heartbeats are answered and do nothing. */
export const forgettingHeartbeats: Saboteur = () => (store) => ({
  ...store,
  heartbeat: (tokens) => store.heartbeat(tokens, 1),
});

function jobOf(leaseToken: string): string {
  return decodeLeaseToken(leaseToken)?.id ?? "";
}
