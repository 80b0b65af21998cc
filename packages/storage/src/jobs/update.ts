import type { Executor, Statement } from "../executor.ts";
import { asJob, hotJob } from "./columns.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import type { Job, JobChanges, JobRef } from "./job-store.ts";
import { signals } from "./signals.ts";
import { takePending } from "./take-pending.ts";

/**
 * Takes the job out of line (see take-pending), changes it and puts it back where it now belongs, in one statement: no claimer sees it half changed.
 * What was due stays due: its time may be after now(), which is when this transaction began, if somebody else has made it due since.
 */
const updateStatement: Statement = {
  name: "jobs.update",
  text: `
with ${takePending("($6::smallint is null or $6::smallint > j.attempts)", "locked")},
changed as (
  update millrace.jobs j set
    priority = coalesce($3::smallint, j.priority),
    scheduled_at = coalesce($4::timestamptz, now() + $5::float8 * interval '1 millisecond',
      case when t.was_due then least(j.scheduled_at, now()) else j.scheduled_at end),
    max_attempts = coalesce($6::smallint, j.max_attempts),
    tags = coalesce($7::text[], j.tags),
    payload = coalesce($8::json, j.payload),
    updated_at = now()
  from taken t where j.id = t.job_id
  returning ${hotJob("j")}
),
still_blocked as (
  update millrace.blocked b set priority = c.priority, scheduled_at = c."scheduledAt" from changed c where b.job_id = c.id
),
line as (
  select c.id, c."tenantId" as tenant_id, c.queue, c.type, c.priority, c."scheduledAt" as scheduled_at, c."concurrencyKey" as concurrency_key
  from changed c where c.id not in (select b.job_id from from_blocked b)
),
${enqueueAgain("line")}
select *, ${signals("freeSlots", "enqueueAgain")} from changed`,
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
