import type { Executor, Statement } from "../../executor.ts";
import { boundary } from "./expire-snapshots.ts";

/**
 * Ids are dense, so an id without a row is known to have expired. Who asks by time finds the last row before that time: the first expired one after
 * a snapshot that is kept stays with it, or the kept one would be taken for the newest of the time after it.
 */
const forgetSnapshotsStatement: Statement = {
  name: "lake.forget_snapshots",
  text: `
delete from millrace.lake_snapshots s
where s.tenant_no = $1::bigint and s.snapshot_id in (
  select e.snapshot_id from millrace.lake_snapshots e
  where e.tenant_no = $1::bigint and e.expired_at <= clock_timestamp() - $3::float8 * interval '1 millisecond'
    and e.snapshot_id < ${boundary("$1::bigint", "($2::float8 + $3::float8)")}
    and not exists (select from millrace.lake_pins p where p.tenant_no = e.tenant_no and p.snapshot_id = e.snapshot_id)
    and (
      select b.expired_at is not null from millrace.lake_snapshots b
      where b.tenant_no = e.tenant_no and b.snapshot_id < e.snapshot_id order by b.snapshot_id desc limit 1
    ) is not false
  order by e.snapshot_id limit $4::integer
)
returning s.snapshot_id`,
};

/** Removes the rows of snapshots that expired so long ago; answers how many. */
export async function forgetSnapshots(
  db: Executor,
  {
    tenantNo,
    retentionMs,
    keptMs,
    limit,
  }: { readonly tenantNo: number; readonly retentionMs: number; readonly keptMs: number; readonly limit: number },
): Promise<number> {
  return (await db.query(forgetSnapshotsStatement, [tenantNo, retentionMs, keptMs, limit])).length;
}
