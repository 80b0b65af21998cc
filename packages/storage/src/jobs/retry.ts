import type { Executor, Statement } from "../executor.ts";
import { asJob, carried, carriedColumns, hotJob } from "./columns.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { countLeft } from "./finished-counts.ts";
import type { Job, JobRef } from "./job-store.ts";
import { signals } from "./signals.ts";
import { isAsked, type WhichJobs } from "./which-jobs.ts";

/**
 * Takes a finished job out of history and puts it back in line; the delete is won by one caller. Attempts go on counting, so every attempt
 * keeps its number: a job without any left gets one more. The fence goes on too, so no old lease token can match.
 */
const retryStatement = (which: WhichJobs): Statement => ({
  name: "jobs.retry",
  text: `
with revived as (
  delete from millrace.job_history h where h.tenant_id = $1::text and h.id ${isAsked(which)}
  returning ${carried("h")}, h.status, h.completed_at, h.expires_at, h.retention_class, h.xact_id
),
${countLeft("revived")},
back as (
  insert into millrace.jobs as j (${carriedColumns.join(", ")})
  select ${carriedColumns
    .map((column) => {
      if (column === "max_attempts") return "greatest(r.max_attempts, r.attempts + 1)";
      if (column === "scheduled_at") return "now()";
      if (column === "locked_at" || column === "locked_by" || column === "progress") return "null";
      return `r.${column}`;
    })
    .join(", ")} from revived r
  returning ${hotJob("j")}
),
-- The lake takes the attempt that completed a job from the job, unless the page of its transaction comes later: then from here, so this row stands for that transaction.
done as (
  insert into millrace.job_attempts (tenant_id, job_id, fence, attempt, outcome, worker, started_at, ended_at, queue, type, xact_id)
  select tenant_id, id, fence, attempts, 'completed', locked_by, started_at, completed_at, queue, type, xact_id from revived where status = 'completed'
),
-- Retention frees the keys of a partition before it drops it: who is taken out in between has its key back. What was asked for with it is not known any more.
keyed as (
  insert into millrace.job_keys (tenant_id, key, job_id, request_hash)
  select tenant_id, idempotency_key, id, 'sql:' from revived where idempotency_key is not null and expires_at <= now()
  on conflict do nothing
),
line as (
  select id, "tenantId" as tenant_id, queue, type, priority, "scheduledAt" as scheduled_at, "concurrencyKey" as concurrency_key from back
),
${enqueueAgain("line")}
select ${which === "one" ? "*" : "id"}, ${signals("enqueueAgain")} from back`,
});

const one = retryStatement("one");
const many = retryStatement("many");

/** Makes a finished job pending; undefined when it is not finished. */
export async function retry(db: Executor, ref: JobRef): Promise<Job | undefined> {
  const [row] = await db.query<Job>(one, [ref.tenantId, ref.id]);
  return row === undefined ? undefined : asJob(row);
}

/** Makes those of the jobs pending that are finished; answers how many. */
export async function retryMany(db: Executor, tenantId: string, ids: readonly string[]): Promise<number> {
  return (await db.query(many, [tenantId, ids])).length;
}
