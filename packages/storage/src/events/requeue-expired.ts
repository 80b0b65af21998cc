import type { Executor, Statement } from "../executor.ts";

/** Rows that somebody holds are skipped: their owner lives, and is just publishing. A range that was out counts as failed. */
const requeueStatement: Statement = {
  name: "events.requeueExpired",
  text: `
update millrace.event_progress p
set owner = null, lease_expires_at = null, claimed_to = null, epoch = p.epoch + 1,
  failures = p.failures + case when p.claimed_to is not null then 1 else 0 end
where p.tenant_no = any(array(
  select q.tenant_no from millrace.event_progress q
  where q.owner is not null and q.lease_expires_at <= clock_timestamp()
  for update skip locked
))
returning p.tenant_no as "tenantNo"`,
};

/** Takes expired leases from their owners; answers the tenants' numbers. */
export async function requeueExpiredRanges(db: Executor): Promise<readonly number[]> {
  const rows = await db.query<{ tenantNo: number }>(requeueStatement);
  return rows.map(({ tenantNo }) => tenantNo);
}
