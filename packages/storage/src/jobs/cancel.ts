import type { Executor, Statement } from "../executor.ts";
import { asJob, carried, carriedColumns, finishedJob } from "./columns.ts";
import { countEntered } from "./finished-counts.ts";
import type { Job, JobRef } from "./job-store.ts";
import { settleClaims } from "./settle-claims.ts";
import { takePending } from "./take-pending.ts";

/** Moves the rows of `gone` into history and answers them. */
const keepCancelled = `
${countEntered("gone", "cancelled")},
kept as (
  insert into millrace.job_history as h (${carriedColumns.join(", ")}, status, updated_at, completed_at)
  select ${carried("g")}, 'cancelled', now(), now() from gone g
  returning ${finishedJob("h")}
)
select * from kept`;

/** Pending: whoever deletes the waiting row decides (see take-pending), so a cancelled job is never claimed. */
const cancelPendingStatement: Statement = {
  name: "jobs.cancelPending",
  text: `
with ${takePending()},
gone as (delete from millrace.jobs j using taken t where j.id = t.job_id returning ${carried("j")}),
${keepCancelled}`,
};

/** Running: the delete competes with the owner's finish for the one row; the loser matches nothing, so an owner that finishes later has lost its lease. */
const cancelRunningStatement: Statement = {
  name: "jobs.cancelRunning",
  text: `
with gone as (
  delete from millrace.jobs j where j.tenant_id = $1::text and j.id = $2::uuid and j.claim_id is not null
  returning ${carried("j")}, j.claim_id
),
${settleClaims("gone")},
${keepCancelled}`,
};

/** Cancels a job that is pending or running at that moment; undefined when it was neither. */
export async function cancel(db: Executor, ref: JobRef): Promise<Job | undefined> {
  const [pending] = await db.query<Job>(cancelPendingStatement, [ref.tenantId, ref.id]);
  if (pending !== undefined) return asJob(pending);
  const [running] = await db.query<Job>(cancelRunningStatement, [ref.tenantId, ref.id]);
  return running === undefined ? undefined : asJob(running);
}
