/**
 * A CTE that returns the slots of the rows of `source` (tenant_id, queue, concurrency_key), which leave ready or running. It only appends:
 * admission, which alone counts slots, consumes what is committed, so a slot is free again after the write that frees it and never before.
 */
export function freeSlots(source: string): string {
  return `
  freed_slots as (
    insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed)
    select tenant_id, queue, concurrency_key, count(*) from ${source}
    where concurrency_key is not null group by tenant_id, queue, concurrency_key
    returning 1
  )`;
}

/** A CTE of the lanes of `left_claims` (see settle-claims) whose queue limits its running jobs: there is room for others of theirs now. */
export const freedLanes = `
  freed_lanes as (
    select distinct l.tenant_id, l.queue from left_claims l
    where (select q.concurrency from millrace.queue_settings q where q.tenant_id = l.tenant_id and q.queue = l.queue) is not null
  )`;
