import type { Executor, Statement } from "../executor.ts";
import { countLeft } from "./finished-counts.ts";
import type { JobRef } from "./job-store.ts";
import { signals } from "./signals.ts";
import { takePending } from "./take-pending.ts";
import { isAsked, type WhichJobs } from "./which-jobs.ts";

/** Deletes a pending job (its waiting row decides, see take-pending) or a finished one, with its idempotency key. A running job matches neither branch. */
const deleteStatement = (which: WhichJobs): Statement => ({
  name: "jobs.delete",
  text: `
with ${takePending("true", "taken", which)},
gone as (
  delete from millrace.jobs j using taken t where j.id = t.job_id returning j.id, j.tenant_id, j.idempotency_key
),
finished as (
  delete from millrace.job_history h where h.tenant_id = $1::text and h.id ${isAsked(which)}
  returning h.id, h.tenant_id, h.queue, h.status, h.expires_at, h.retention_class, h.idempotency_key
),
${countLeft("finished")},
deleted as (
  select id, tenant_id, idempotency_key from gone union all select id, tenant_id, idempotency_key from finished
),
freed as (
  delete from millrace.job_keys k using deleted d
  where k.tenant_id = d.tenant_id and k.key = d.idempotency_key and k.job_id = d.id
),
unblocked as (delete from millrace.job_dependencies e using from_blocked b where e.job_id = b.job_id)
select id, ${signals("freeSlots")} from deleted`,
});

const one = deleteStatement("one");
const many = deleteStatement("many");

/** Deletes a job that is pending or finished at that moment; false when it was not. */
export async function deleteJob(db: Executor, ref: JobRef): Promise<boolean> {
  const rows = await db.query(one, [ref.tenantId, ref.id]);
  return rows.length > 0;
}

/** Deletes those of the jobs that are pending or finished; answers how many. */
export async function deleteMany(db: Executor, tenantId: string, ids: readonly string[]): Promise<number> {
  return (await db.query(many, [tenantId, ids])).length;
}
