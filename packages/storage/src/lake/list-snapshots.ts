import type { Executor, Statement } from "../executor.ts";
import { snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";

/** A keyset walk down (tenant, id): new snapshots come above it, so each that is there at the start is seen exactly once. */
const listSnapshotsStatement: Statement = {
  name: "lake.list_snapshots",
  text: `
select ${snapshotColumns} from millrace.event_logs l join millrace.lake_snapshots s on s.tenant_no = l.tenant_no
where l.tenant_id = $1::text and ($2::bigint is null or s.snapshot_id < $2::bigint)
order by s.snapshot_id desc limit $3::integer`,
};

/** A page of a tenant's snapshots, newest first. */
export function listSnapshots(
  db: Executor,
  tenantId: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<readonly Snapshot[]> {
  return db.query<Snapshot>(listSnapshotsStatement, [tenantId, before ?? null, limit]);
}
