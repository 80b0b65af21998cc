import type { Executor, Statement } from "../executor.ts";
import { snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";
import { emptySnapshot } from "./newest-snapshot.ts";

/**
 * Times of a tenant's snapshots are whole milliseconds that rise with their ids, so the last one at or before a time is one snapshot for ever,
 * but for times that are not over yet by the database's clock.
 */
const snapshotAtStatement: Statement = {
  name: "lake.snapshot_at",
  text: `
select ${snapshotColumns} from millrace.event_logs l join millrace.lake_snapshots s on s.tenant_no = l.tenant_no
where l.tenant_id = $1::text and s.snapshot_time <= $2::timestamptz
order by s.snapshot_time desc limit 1`,
};

/** The snapshot that was the newest at a time: the empty one before the first. */
export async function snapshotAt(db: Executor, tenantId: string, at: Date): Promise<Snapshot | undefined> {
  const [snapshot] = await db.query<Snapshot>(snapshotAtStatement, [tenantId, at]);
  return snapshot ?? (await emptySnapshot(db, tenantId));
}
