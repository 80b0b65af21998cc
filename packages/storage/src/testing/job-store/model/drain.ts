import type { JobStore } from "../../../jobs/job-store.ts";
import type { ModelSubject } from "./check-model.ts";
import { hourMs, modelTenants } from "./plans.ts";

/** A run never leaves so many jobs that they could not be through by then. */
const roundsMax = 100;

/** Works off everything that a run has left: whatever was done to the jobs, each that is not at its end can still get there. @throws Error naming those that can't */
export async function drain({ stores, advance }: ModelSubject): Promise<void> {
  const [store] = stores;
  if (store === undefined) return;
  for (let round = 0; round < roundsMax; round++) {
    await store.promoteDue(1_000);
    await store.rescueExpired(1_000);
    await store.admitHeld();
    const claimed = await store.claimJobs({ limit: 100, leaseMs: hourMs, worker: "drain" });
    if (claimed.length > 0) await store.completeJobs(claimed.map(({ leaseToken }) => ({ leaseToken, result: null })));
    else if (!(await isOpen(store))) return;
    else await advance(2 * hourMs);
  }
  const left = await Promise.all(modelTenants.map((tenantId) => store.listJobs({ tenantId, limit: 500 })));
  const stuck = left.flatMap(({ jobs }) => jobs.filter(({ completedAt }) => completedAt === null));
  throw new Error(`The store broke its contract: these never come to an end: ${JSON.stringify(stuck)}`);
}

async function isOpen(store: JobStore): Promise<boolean> {
  const stats = await Promise.all(modelTenants.map((tenantId) => store.queueStats({ tenantId })));
  return stats.flat().some(({ pending, running }) => pending + running > 0);
}
