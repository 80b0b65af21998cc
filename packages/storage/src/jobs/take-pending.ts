/**
 * CTEs that take a pending job out of the line: `target` reads where it stands, then the delete of that exact ready or scheduled row
 * decides. A claimer that was faster has deleted it, and `taken` is empty; nobody else can act on a job whose row we deleted.
 * `$1` is the tenant, `$2` the job's id; `allowed` is a further condition on the job `j`.
 */
export const takePending = (allowed = "true") => `
target as materialized (
  select j.id, j.tenant_id, j.queue, j.priority, j.scheduled_at from millrace.jobs j
  where j.tenant_id = $1::text and j.id = $2::uuid and j.claim_id is null and ${allowed}
),
from_ready as (
  delete from millrace.ready r using target t
  where r.tenant_id = t.tenant_id and r.queue = t.queue and r.priority = t.priority and r.scheduled_at = t.scheduled_at and r.job_id = t.id
  returning r.job_id
),
from_scheduled as (
  delete from millrace.scheduled s using target t where s.scheduled_at = t.scheduled_at and s.job_id = t.id
  returning s.job_id
),
taken as (select job_id from from_ready union all select job_id from from_scheduled)`;
