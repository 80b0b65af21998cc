import type { Statement, Transaction } from "../executor.ts";
import { snapshotChannel, snapshotColumns } from "./columns.ts";
import type { Snapshot, SnapshotKind } from "./lake-store.ts";

/**
 * The progress row is held since the first statement of the transaction: ids are dense and in the order of commits. Times rise with them by at
 * least a millisecond, the resolution of those who ask by time. The watermark is what the row says: only a bus's ack moves it.
 * The notification leaves with the commit.
 */
const addSnapshotStatement: Statement = {
  name: "lake.add_snapshot",
  text: `
with moved as (
  update millrace.event_progress p set
    snapshot_id = p.snapshot_id + 1,
    snapshot_time = greatest(date_trunc('milliseconds', clock_timestamp()), date_trunc('milliseconds', p.snapshot_time) + interval '1 millisecond')
  where p.tenant_no = $1::bigint
  returning p.tenant_no, p.snapshot_id, p.snapshot_time, p.watermark
),
s as (
  insert into millrace.lake_snapshots (tenant_no, snapshot_id, snapshot_time, watermark, kind, batch_id)
  select tenant_no, snapshot_id, snapshot_time, watermark, $2::text, $3::uuid from moved
  returning *
)
select ${snapshotColumns}, pg_notify('${snapshotChannel}', concat_ws(':', s.tenant_no, s.snapshot_id, s.watermark)) as told from s`,
};

/** Makes the tenant's next snapshot; the caller's transaction holds the row of its progress. */
export async function addSnapshot(
  tx: Transaction,
  tenantNo: number,
  kind: SnapshotKind,
  batchId: string,
): Promise<Snapshot | undefined> {
  const [row] = await tx.query<Snapshot & { told: unknown }>(addSnapshotStatement, [tenantNo, kind, batchId]);
  if (row === undefined) return undefined;
  const { told: _, ...snapshot } = row;
  return snapshot;
}
