import type { Statement, Transaction } from "../../executor.ts";

/** The snapshot of `s` that was the newest so long ago; those before it have not been the newest since. Times rise with ids. */
export const boundary = (tenantNo: string, ageMs: string) => `(
  select b.snapshot_id from millrace.lake_snapshots b
  where b.tenant_no = ${tenantNo} and b.snapshot_time <= clock_timestamp() - ${ageMs} * interval '1 millisecond'
  order by b.snapshot_time desc limit 1
)`;

/**
 * Runs under the row of the tenant's progress, as pins do: a snapshot is either pinned before this looks, or expired before the pin does. The newest
 * never expires, since only those before another one do. Pins that have run out go along: they would keep the snapshot's row.
 */
const expireSnapshotsStatement: Statement = {
  name: "lake.expire_snapshots",
  text: `
with ended as (
  delete from millrace.lake_pins p where p.tenant_no = $1::bigint and p.expires_at <= clock_timestamp()
),
due as (
  select s.snapshot_id from millrace.lake_snapshots s
  where s.tenant_no = $1::bigint and s.expired_at is null and s.snapshot_id < ${boundary("$1::bigint", "$2::float8")}
    and not exists (
      select from millrace.lake_pins p
      where p.tenant_no = s.tenant_no and p.snapshot_id = s.snapshot_id and (p.expires_at is null or p.expires_at > clock_timestamp())
    )
  order by s.snapshot_id limit $3::integer
)
update millrace.lake_snapshots s set expired_at = clock_timestamp()
from due where s.tenant_no = $1::bigint and s.snapshot_id = due.snapshot_id
returning s.snapshot_id`,
};

/** Lets snapshots expire that have not been the newest for so long; the caller holds the row of the tenant's progress. Answers how many. */
export async function expireSnapshots(
  tx: Transaction,
  { tenantNo, retentionMs, limit }: { readonly tenantNo: number; readonly retentionMs: number; readonly limit: number },
): Promise<number> {
  return (await tx.query(expireSnapshotsStatement, [tenantNo, retentionMs, limit])).length;
}
