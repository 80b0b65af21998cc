import type { Executor, Statement } from "../executor.ts";
import { asJob, hotJob } from "./columns.ts";
import type { Job, JobChanges, JobRef } from "./job-store.ts";
import { takePending } from "./take-pending.ts";

/** Takes the job out of line (see take-pending), changes it and puts it back where it now belongs, in one statement: no claimer sees it half changed. */
const updateStatement: Statement = {
  name: "jobs.update",
  text: `
with ${takePending("($6::smallint is null or $6::smallint > j.attempts)")},
changed as (
  update millrace.jobs j set
    priority = coalesce($3::smallint, j.priority),
    scheduled_at = coalesce($4::timestamptz, now() + $5::float8 * interval '1 millisecond', j.scheduled_at),
    max_attempts = coalesce($6::smallint, j.max_attempts),
    tags = coalesce($7::text[], j.tags),
    payload = coalesce($8::json, j.payload),
    updated_at = now()
  from taken t where j.id = t.job_id
  returning ${hotJob("j")}
),
due as (
  insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
  select "tenantId", queue, priority, "scheduledAt", id, type from changed where "scheduledAt" <= now()
),
later as (
  insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type)
  select "tenantId", queue, priority, "scheduledAt", id, type from changed where "scheduledAt" > now()
)
select * from changed`,
};

/** Changes a job that is pending at that moment; undefined when it is not. */
export async function update(db: Executor, ref: JobRef, changes: JobChanges): Promise<Job | undefined> {
  const [row] = await db.query<Job>(updateStatement, [
    ref.tenantId,
    ref.id,
    changes.priority ?? null,
    changes.scheduledAt ?? null,
    changes.delayMs ?? null,
    changes.maxAttempts ?? null,
    changes.tags ?? null,
    changes.payload ?? null,
  ]);
  return row === undefined ? undefined : asJob(row);
}
