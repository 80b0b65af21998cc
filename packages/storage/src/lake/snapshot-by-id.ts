import type { Executor, Statement } from "../executor.ts";
import { snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";
import { emptySnapshot } from "./newest-snapshot.ts";

/** A snapshot never changes but to expire, and its row stays: no answer means that it was never published. */
const snapshotByIdStatement: Statement = {
  name: "lake.snapshot_by_id",
  text: `
select ${snapshotColumns} from millrace.event_logs l join millrace.lake_snapshots s on s.tenant_no = l.tenant_no
where l.tenant_id = $1::text and s.snapshot_id = $2::bigint`,
};

/** One snapshot of a tenant by its id. */
export async function snapshotById(db: Executor, tenantId: string, snapshotId: number): Promise<Snapshot | undefined> {
  if (snapshotId === 0) return emptySnapshot(db, tenantId);
  const [snapshot] = await db.query<Snapshot>(snapshotByIdStatement, [tenantId, snapshotId]);
  return snapshot;
}
