import type { Executor, Statement } from "../executor.ts";
import { emptySnapshotColumns, snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";

/** Ids rise in the order of commits, so the greatest one that can be read is the newest, and nothing below it is still to come. */
const newestSnapshotStatement: Statement = {
  name: "lake.newest_snapshot",
  text: `
select ${snapshotColumns} from millrace.event_logs l join millrace.lake_snapshots s on s.tenant_no = l.tenant_no
where l.tenant_id = $1::text order by s.snapshot_id desc limit 1`,
};

/** A log is made before its first snapshot; one statement could not tell "no log" from "no snapshot yet" as cheaply on the usual way. */
const emptySnapshotStatement: Statement = {
  name: "lake.empty_snapshot",
  text: `select ${emptySnapshotColumns} from millrace.event_logs l where l.tenant_id = $1::text`,
};

/** The tenant's newest snapshot; the empty one, id 0, where nothing was published yet; undefined for a tenant without a log. */
export async function newestSnapshot(db: Executor, tenantId: string): Promise<Snapshot | undefined> {
  const [newest] = await db.query<Snapshot>(newestSnapshotStatement, [tenantId]);
  return newest ?? (await emptySnapshot(db, tenantId));
}

/** The tenant's snapshot 0; undefined for a tenant without a log. */
export async function emptySnapshot(db: Executor, tenantId: string): Promise<Snapshot | undefined> {
  const [empty] = await db.query<Snapshot>(emptySnapshotStatement, [tenantId]);
  return empty;
}
