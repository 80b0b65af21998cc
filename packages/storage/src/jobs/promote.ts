import type { Executor, Statement } from "../executor.ts";

/**
 * Moves due rows to where they can be claimed. SKIP LOCKED and the delete by ctid give each row to one promoter,
 * and the delete and the insert are one statement, so a job is never in both places nor in neither.
 */
export const promoteStatement: Statement = {
  name: "jobs.promote",
  text: `
with due as (
  delete from millrace.scheduled s where s.ctid = any(array(
    select d.ctid from millrace.scheduled d where d.scheduled_at <= now()
    order by d.scheduled_at, d.job_id limit $1::integer for update skip locked
  ))
  returning s.tenant_id, s.queue, s.priority, s.scheduled_at, s.job_id, s.type, s.concurrency_key
),
moved as (
  insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
  select tenant_id, queue, priority, scheduled_at, job_id, type from due where concurrency_key is null
),
held as (
  insert into millrace.held (tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type)
  select tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type from due where concurrency_key is not null
  returning tenant_id, queue, concurrency_key
),
checks as (
  insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed)
  select distinct tenant_id, queue, concurrency_key, 0 from held returning 1
)
select (select json_agg(json_build_array(l.tenant_id, l.queue)) from (
    select distinct d.tenant_id, d.queue from due d where d.concurrency_key is null
  ) l) as "claimableLanes",
  exists (select from checks) as "needsAdmission",
  (select count(*)::integer from due)  as promoted,
  (select extract(epoch from s.scheduled_at - now()) * 1000 from millrace.scheduled s
   where s.scheduled_at > now() order by s.scheduled_at limit 1)::float8 as "nextDueInMs"`,
};

/** Promotes at most `limit` due jobs. `nextDueInMs` is null when none is scheduled. */
export async function promote(
  db: Executor,
  limit: number,
): Promise<{ readonly promoted: number; readonly nextDueInMs: number | null }> {
  const [row] = await db.query<{ promoted: number; nextDueInMs: number | null }>(promoteStatement, [limit]);
  return row ?? { promoted: 0, nextDueInMs: null };
}
