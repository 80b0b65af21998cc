import { MillraceError } from "@millrace/contract";

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

/** Before the first snapshot there is nothing; where rows are gone from the front, there was something that is no longer known. */
const isForgottenStatement: Statement = {
  name: "lake.is_forgotten",
  text: `
select p.snapshot_id > 0 and not exists (
  select from millrace.lake_snapshots s where s.tenant_no = p.tenant_no and s.snapshot_id = 1
) as "isForgotten"
from millrace.event_logs l join millrace.event_progress p on p.tenant_no = l.tenant_no where l.tenant_id = $1::text`,
};

/** The snapshot that was the newest at a time: the empty one before the first. @throws SNAPSHOT_EXPIRED where it is no longer known */
export async function snapshotAt(db: Executor, tenantId: string, at: Date): Promise<Snapshot | undefined> {
  const [snapshot] = await db.query<Snapshot>(snapshotAtStatement, [tenantId, at]);
  if (snapshot !== undefined) return snapshot;
  const [log] = await db.query<{ isForgotten: boolean }>(isForgottenStatement, [tenantId]);
  if (log?.isForgotten === true) {
    throw new MillraceError("SNAPSHOT_EXPIRED", "The snapshot of that time is no longer kept.");
  }
  return emptySnapshot(db, tenantId);
}
