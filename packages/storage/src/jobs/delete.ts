import type { Executor, Statement } from "../executor.ts";
import type { JobRef } from "./job-store.ts";
import { takePending } from "./take-pending.ts";

/** Deletes a pending job (its waiting row decides, see take-pending) or a finished one, with its idempotency key. A running job matches neither branch. */
const deleteStatement: Statement = {
  name: "jobs.delete",
  text: `
with ${takePending()},
gone as (delete from millrace.jobs j using taken t where j.id = t.job_id returning j.id),
finished as (delete from millrace.job_history h where h.tenant_id = $1::text and h.id = $2::uuid returning h.id, h.idempotency_key),
freed as (
  delete from millrace.job_keys k using millrace.jobs j
  where j.id = $2::uuid and j.tenant_id = $1::text and k.tenant_id = j.tenant_id and k.key = j.idempotency_key and k.job_id = j.id
    and exists (select from taken)
),
freed_finished as (
  delete from millrace.job_keys k using finished f
  where k.tenant_id = $1::text and k.key = f.idempotency_key and k.job_id = f.id
)
select id from gone union all select id from finished`,
};

/** Deletes a job that is pending or finished at that moment; false when it was not. */
export async function deleteJob(db: Executor, ref: JobRef): Promise<boolean> {
  const rows = await db.query(deleteStatement, [ref.tenantId, ref.id]);
  return rows.length > 0;
}
