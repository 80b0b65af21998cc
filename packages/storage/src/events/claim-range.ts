import type { Executor, Statement } from "../executor.ts";
import type { LogLease } from "./event.ts";

export interface RangeRequest {
  /** Who claims; unique to the process and the start of it. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Only this tenant's; default whoever has waited longest. */
  readonly tenantNo?: number | undefined;
  /** Claims what is in streams, too; default only what can be read in PostgreSQL. */
  readonly readsStreams?: boolean | undefined;
}

/** A lease that was taken or renewed, and what there is to consume under it: (from, head]. Without streams the head is where the first of them begins. */
export interface LeasedRange extends LogLease {
  readonly tenantId: string;
  readonly from: number;
  readonly head: number;
  readonly failures: number;
}

/** A log that was never in a stream has the segment 0, and is not looked at more closely. */
const untilStream = (progress: string, log: string) =>
  `millrace.tables_until(${log}.tenant_no, ${log}.head, ${progress}.watermark)`;

/**
 * The row is picked and locked once, by a subselect of its own; whoever comes at the same time skips it and picks another. A row that changed since the
 * snapshot is judged as it is under the lock, and by the clock of that moment. The head may be older than the watermark is then: an empty range, and no claim.
 * A range that was out when its lease expired counts as failed: it may be what ended its owner.
 */
const claim = (ofTenant: boolean, readsStreams = false): Statement => ({
  name: "events.claimRange",
  text: `
update millrace.event_progress p
set owner = $1::text, epoch = p.epoch + case when p.owner = $1::text then 0 else 1 end,
  lease_expires_at = clock_timestamp() + $2::float8 * interval '1 millisecond', claimed_to = l.head,
  failures = p.failures + case when p.owner <> $1::text and p.claimed_to is not null then 1 else 0 end
from millrace.event_logs l
where l.tenant_no = p.tenant_no and p.tenant_no = (
  select q.tenant_no from millrace.event_progress q join millrace.event_logs h on h.tenant_no = q.tenant_no
  where h.head > q.watermark${readsStreams ? "" : ` and (h.segment = 0 or ${untilStream("q", "h")} > q.watermark)`} and (q.not_before is null or q.not_before <= clock_timestamp())
    and (q.owner is null or q.lease_expires_at <= clock_timestamp() or q.owner = $1::text${ofTenant ? "" : " and q.claimed_to is null"})
    ${ofTenant ? "and q.tenant_no = $3::bigint" : ""}
  order by q.published_at nulls first, q.tenant_no limit 1
  for update of q skip locked
)
returning p.tenant_no as "tenantNo", l.tenant_id as "tenantId", p.owner, p.epoch, p.watermark as "from", p.failures,
  ${readsStreams ? "l.head" : `case when l.segment = 0 then l.head else ${untilStream("p", "l")} end as head`}`,
});

const claimRangeStatement = claim(false);
export const claimRangeOfTenantStatement = claim(true);
const claimStreamedStatement = claim(false, true);
const claimStreamedOfTenantStatement = claim(true, true);

/**
 * Takes the lease of the tenant that has waited longest since a range of its log was consumed, and has more: a free one, an expired one under a new epoch,
 * or one's own again. What one's own lease has out already is only given again when its tenant is named.
 */
export async function claimRange(
  db: Executor,
  { owner, leaseMs, tenantNo, readsStreams = false }: RangeRequest,
): Promise<LeasedRange | undefined> {
  const ofAny = readsStreams ? claimStreamedStatement : claimRangeStatement;
  const ofTenant = readsStreams ? claimStreamedOfTenantStatement : claimRangeOfTenantStatement;
  const [row] =
    tenantNo === undefined
      ? await db.query<LeasedRange>(ofAny, [owner, leaseMs])
      : await db.query<LeasedRange>(ofTenant, [owner, leaseMs, tenantNo]);
  return row;
}
