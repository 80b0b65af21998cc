/**
 * CTEs that count the rows of `source` (claim_id, tenant_id, queue) off their claims, and delete a claim with the last.
 * The claims rows are locked in key order, so finishers can't deadlock (heartbeat and rescue never wait for a lock), and `open` is read from the locked row,
 * so concurrent finishers of one claim subtract one after the other. Changed by key, never by ctid: the row may be newer than the statement's snapshot.
 */
export function settleClaims(source: string): string {
  return `
  left_claims as (
    select claim_id, tenant_id, queue, count(*)::integer as n from ${source} group by claim_id, tenant_id, queue
  ),
  locked_claims as materialized (
    select c.claim_id, c.tenant_id, c.queue, c.open, l.n from millrace.claims c
    join left_claims l on c.claim_id = l.claim_id and c.tenant_id = l.tenant_id and c.queue = l.queue
    order by c.claim_id, c.tenant_id, c.queue for update of c
  ),
  counted_claims as (
    update millrace.claims c set open = c.open - l.n from locked_claims l
    where c.claim_id = l.claim_id and c.tenant_id = l.tenant_id and c.queue = l.queue and l.open > l.n
  ),
  closed_claims as (
    delete from millrace.claims c using locked_claims l
    where c.claim_id = l.claim_id and c.tenant_id = l.tenant_id and c.queue = l.queue and l.open <= l.n
  )`;
}
