import type { Executor, Statement } from "../executor.ts";
import { asJob, carried, finishedJob } from "./columns.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { Job, JobRef } from "./job-store.ts";
import { keepFinished } from "./keep-finished.ts";
import { recordAttempts } from "./record-attempts.ts";
import { settleClaims } from "./settle-claims.ts";
import { signals } from "./signals.ts";
import { takePending } from "./take-pending.ts";
import { isAsked, type WhichJobs } from "./which-jobs.ts";

const answered = (which: WhichJobs) => `returning ${which === "one" ? finishedJob("h") : "h.id"}`;

/** Pending: whoever deletes the waiting row decides (see take-pending), so a cancelled job is never claimed. */
const cancelPending = (which: WhichJobs): Statement => ({
  name: "jobs.cancelPending",
  text: `
with ${takePending("true", "taken", which)},
gone as (delete from millrace.jobs j using taken t where j.id = t.job_id returning ${carried("j")}),
unblocked as (delete from millrace.job_dependencies e using from_blocked b where e.job_id = b.job_id),
${keepFinished("gone", "cancelled", { locked_by: "null" }, answered(which))}
select kept.*, ${signals("freeSlots")} from kept`,
});

/** Running: the delete competes with the owner's finish for the one row; the loser matches nothing, so an owner that finishes later has lost its lease. */
const cancelRunning = (which: WhichJobs): Statement => ({
  name: "jobs.cancelRunning",
  text: `
with gone as (
  delete from millrace.jobs j where j.tenant_id = $1::text and j.id ${isAsked(which)} and j.claim_id is not null
  returning ${carried("j")}, j.claim_id
),
${settleClaims("gone")},
${freeSlots("gone")},
${freedLanes},
${recordAttempts("gone", "'cancelled'")},
${keepFinished("gone", "cancelled", {}, answered(which))}
select kept.*, ${signals("freeSlots", "freedLanes")} from kept`,
});

const one = [cancelPending("one"), cancelRunning("one")] as const;
const many = [cancelPending("many"), cancelRunning("many")] as const;

/** Cancels a job that is pending or running at that moment; undefined when it was neither. */
export async function cancel(db: Executor, ref: JobRef): Promise<Job | undefined> {
  for (const statement of one) {
    const [job] = await db.query<Job>(statement, [ref.tenantId, ref.id]);
    if (job !== undefined) return asJob(job);
  }
  return undefined;
}

/** Cancels those of the jobs that are pending or running; answers how many. A job that changes from one to the other meanwhile may be left out. */
export async function cancelMany(db: Executor, tenantId: string, ids: readonly string[]): Promise<number> {
  const open = new Set(ids);
  for (const statement of many) {
    if (open.size === 0) break;
    const rows = await db.query<{ id: string }>(statement, [tenantId, [...open]]);
    for (const { id } of rows) open.delete(id);
  }
  return ids.length - open.size;
}
