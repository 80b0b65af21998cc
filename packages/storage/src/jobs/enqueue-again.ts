/**
 * The CTEs that put the rows of `source` (id, tenant_id, queue, type, priority, scheduled_at, concurrency_key) where they wait: scheduled when
 * they are not due, held when they have a concurrency key (admission lets them in), else ready. `announced`: the caller wakes workers by itself.
 */
export function enqueueAgain(source: string, { announced = false } = {}): string {
  return `
  due_again as (
    insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
    select tenant_id, queue, priority, scheduled_at, id, type from ${source} where scheduled_at <= now() and concurrency_key is null
    ${announced ? "" : "returning tenant_id, queue"}
  ),
  later_again as (
    insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type, concurrency_key)
    select tenant_id, queue, priority, scheduled_at, id, type, concurrency_key from ${source} where scheduled_at > now()
  ),
  held_again as (
    insert into millrace.held (tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type)
    select tenant_id, queue, concurrency_key, priority, scheduled_at, id, type from ${source}
    where scheduled_at <= now() and concurrency_key is not null
    returning tenant_id, queue, concurrency_key
  ),
  checks_again as (
    insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed)
    select distinct tenant_id, queue, concurrency_key, 0 from held_again returning 1
  )`;
}
