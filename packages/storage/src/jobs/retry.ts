import type { Executor, Statement } from "../executor.ts";
import { asJob, carried, carriedColumns, hotJob } from "./columns.ts";
import { countLeft } from "./finished-counts.ts";
import type { Job, JobRef } from "./job-store.ts";

/**
 * Takes a finished job out of history and puts it back in line; the delete is won by one caller. Attempts go on counting, so every attempt
 * keeps its number: a job without any left gets one more. The fence goes on too, so no old lease token can match.
 */
const retryStatement: Statement = {
  name: "jobs.retry",
  text: `
with revived as (
  delete from millrace.job_history h where h.tenant_id = $1::text and h.id = $2::uuid
  returning ${carried("h")}, h.status, h.completed_at
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
line as (
  insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
  select "tenantId", queue, priority, "scheduledAt", id, type from back
)
select * from back`,
};

/** Makes a finished job pending; undefined when it is not finished. */
export async function retry(db: Executor, ref: JobRef): Promise<Job | undefined> {
  const [row] = await db.query<Job>(retryStatement, [ref.tenantId, ref.id]);
  return row === undefined ? undefined : asJob(row);
}
