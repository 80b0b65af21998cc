import { freeSlots } from "./free-slots.ts";
import { isAsked, type WhichJobs } from "./which-jobs.ts";

/**
 * CTEs that take a pending job out of the line: `target` reads where it stands, then the delete of that exact row of ready, scheduled, held or blocked
 * decides, and gives back the slot of its key if it had one. A claimer that was faster has deleted it, and `taken` is empty; nobody else can act on a job whose row we deleted.
 * `$1` is the tenant, `$2` the job's id, or the ids of many; `allowed` is a further condition on the job `j`. Who leaves a blocked job blocked has its row `locked` and changes it in
 * place: whoever waits for that row to release the job would miss one that takes its place.
 */
export const takePending = (allowed = "true", blocked: "taken" | "locked" = "taken", which: WhichJobs = "one") => `
target as materialized (
  select j.id, j.tenant_id, j.queue, j.priority, j.scheduled_at, j.concurrency_key from millrace.jobs j
  where j.tenant_id = $1::text and j.id ${isAsked(which)} and j.claim_id is null and ${allowed}
),
from_ready as (
  delete from millrace.ready r using target t
  where r.tenant_id = t.tenant_id and r.queue = t.queue and r.priority = t.priority and r.scheduled_at = t.scheduled_at and r.job_id = t.id
  returning r.job_id, r.tenant_id, r.queue, t.concurrency_key
),
${freeSlots("from_ready")},
from_scheduled as (
  delete from millrace.scheduled s using target t where s.scheduled_at = t.scheduled_at and s.job_id = t.id
  returning s.job_id
),
from_held as (
  delete from millrace.held h using target t
  where h.tenant_id = t.tenant_id and h.queue = t.queue and h.concurrency_key = t.concurrency_key and h.priority = t.priority
    and h.scheduled_at = t.scheduled_at and h.job_id = t.id
  returning h.job_id
),
from_blocked as (
  ${
    blocked === "taken"
      ? "delete from millrace.blocked b using target t where b.job_id = t.id returning b.job_id"
      : "select b.job_id from millrace.blocked b join target t on b.job_id = t.id for update of b"
  }
),
taken as (
  select job_id, true as was_due from from_ready union all select job_id, true from from_held
  union all select job_id, false from from_scheduled union all select job_id, false from from_blocked
)`;
