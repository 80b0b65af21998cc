import type { Executor, Statement } from "../executor.ts";

/**
 * Which of the jobs can't be ended at this moment, since somebody holds them or one that waits for them. SKIP LOCKED waits for nobody, and what it
 * locks is free again when the statement ends: the answer is a hint for whom to step over, and the write that follows takes its own locks.
 */
const lockedStatement: Statement = {
  name: "jobs.locked",
  text: `
with free as materialized (
  select j.id from millrace.jobs j where j.id = any($1::uuid[]) order by j.id for update skip locked
),
edges as materialized (
  select d.depends_on, d.job_id from millrace.job_dependencies d where d.depends_on = any($1::uuid[])
),
free_dependents as materialized (
  select b.job_id from millrace.blocked b where b.job_id = any(array(select e.job_id from edges e)) order by b.job_id for update skip locked
)
select j.id from millrace.jobs j where j.id = any($1::uuid[]) and j.id not in (select f.id from free f)
union
select e.depends_on from edges e where e.job_id not in (select f.job_id from free_dependents f)`,
};

/** The ids of those of the jobs that somebody holds locked. */
export async function lockedJobs(db: Executor, jobs: readonly { readonly id: string }[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(lockedStatement, [jobs.map(({ id }) => id)]);
  return new Set(rows.map(({ id }) => id));
}
