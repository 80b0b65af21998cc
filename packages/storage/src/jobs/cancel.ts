import type { Executor, Statement } from "../executor.ts";
import { asJob, carried, finishedJob } from "./columns.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { Job, JobRef } from "./job-store.ts";
import { keepFinished } from "./keep-finished.ts";
import { recordAttempts } from "./record-attempts.ts";
import { settleClaims } from "./settle-claims.ts";
import { signals } from "./signals.ts";
import { takePending } from "./take-pending.ts";

const answered = `returning ${finishedJob("h")}`;

/** Pending: whoever deletes the waiting row decides (see take-pending), so a cancelled job is never claimed. */
const cancelPendingStatement: Statement = {
  name: "jobs.cancelPending",
  text: `
with ${takePending()},
gone as (delete from millrace.jobs j using taken t where j.id = t.job_id returning ${carried("j")}),
unblocked as (delete from millrace.job_dependencies e using from_blocked b where e.job_id = b.job_id),
${keepFinished("gone", "cancelled", { locked_by: "null" }, answered)}
select kept.*, ${signals("freeSlots")} from kept`,
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
${freeSlots("gone")},
${freedLanes},
${recordAttempts("gone", "'cancelled'")},
${keepFinished("gone", "cancelled", {}, answered)}
select kept.*, ${signals("freeSlots", "freedLanes")} from kept`,
};

/** Cancels a job that is pending or running at that moment; undefined when it was neither. */
export async function cancel(db: Executor, ref: JobRef): Promise<Job | undefined> {
  const [pending] = await db.query<Job>(cancelPendingStatement, [ref.tenantId, ref.id]);
  if (pending !== undefined) return asJob(pending);
  const [running] = await db.query<Job>(cancelRunningStatement, [ref.tenantId, ref.id]);
  return running === undefined ? undefined : asJob(running);
}
