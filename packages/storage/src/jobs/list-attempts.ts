import type { Executor, Statement } from "../executor.ts";
import type { AttemptRange, JobAttempt, JobRef } from "./job-store.ts";

const attemptsMax = 500;

/**
 * The recorded attempts and, of the job's own row, the one that runs or completed it. One snapshot: an attempt that ends meanwhile is seen running or
 * recorded, never both. The fence only rises, so a walk behind the last one seen misses none and repeats none.
 */
const attemptsStatement: Statement = {
  name: "jobs.attempts",
  text: `
with own as materialized (
  select a.fence, a.attempts, a.status, a.locked_by, a.started_at, a.completed_at from millrace.all_jobs a
  where a.tenant_id = $1::text and a.id = $2::uuid limit 1
)
select * from (
  (select r.fence, r.attempt, r.outcome, r.worker, r.started_at as "startedAt", r.ended_at as "endedAt", r.message, r.stack
   from millrace.job_attempts r
   where r.tenant_id = $1::text and r.job_id = $2::uuid and r.fence > $3::integer order by r.fence limit $4::integer)
  union all
  select o.fence, o.attempts, o.status::text, o.locked_by, o.started_at, o.completed_at, null, null from own o
  where o.status in ('running', 'completed') and o.fence > $3::integer
) x order by x.fence limit $4::integer`,
};

type Row = Omit<JobAttempt, "error"> & { readonly message: string | null; readonly stack: string | null };

/** The attempts of a job behind a fence, oldest first; empty also for a job that isn't there. */
export async function listAttempts(
  db: Executor,
  ref: JobRef,
  { afterFence = 0, limit = attemptsMax }: AttemptRange = {},
): Promise<readonly JobAttempt[]> {
  const rows = await db.query<Row>(attemptsStatement, [ref.tenantId, ref.id, afterFence, limit]);
  return rows.map(asAttempt);
}

/** A row of `job_attempts` as an attempt. */
export function asAttempt({ message, stack, ...attempt }: Row): JobAttempt {
  if (message === null) return attempt;
  return { ...attempt, error: stack === null ? { message } : { message, stack } };
}
