import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";
import { emptySnapshot } from "./newest-snapshot.ts";

/**
 * A snapshot never changes but to expire. Ids are dense and the newest is known in the same moment: one at or below it without a row has expired so
 * long ago that its row is gone, and one above it was never published.
 */
const snapshotByIdStatement: Statement = {
  name: "lake.snapshot_by_id",
  text: `
select s.snapshot_id is null as "isForgotten", ${snapshotColumns}
from millrace.event_logs l
join millrace.event_progress p on p.tenant_no = l.tenant_no
left join millrace.lake_snapshots s on s.tenant_no = l.tenant_no and s.snapshot_id = $2::bigint
where l.tenant_id = $1::text and p.snapshot_id >= $2::bigint`,
};

/** One snapshot of a tenant by its id. @throws SNAPSHOT_EXPIRED where nothing but that is known of it any more */
export async function snapshotById(db: Executor, tenantId: string, snapshotId: number): Promise<Snapshot | undefined> {
  if (snapshotId === 0) return emptySnapshot(db, tenantId);
  const [row] = await db.query<Snapshot & { isForgotten: boolean }>(snapshotByIdStatement, [tenantId, snapshotId]);
  if (row === undefined) return undefined;
  const { isForgotten, ...snapshot } = row;
  if (isForgotten) throw new MillraceError("SNAPSHOT_EXPIRED", `The snapshot ${snapshotId} is no longer kept.`);
  return snapshot;
}
