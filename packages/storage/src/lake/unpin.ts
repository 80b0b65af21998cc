import type { Executor, Statement } from "../executor.ts";

/** The snapshot may expire from the commit on; two at once wait for one another on the row, and one of them finds none. */
const unpinStatement: Statement = {
  name: "lake.unpin",
  text: `
delete from millrace.lake_pins p using millrace.event_logs l
where l.tenant_id = $1::text and p.tenant_no = l.tenant_no and p.snapshot_id = $2::bigint
returning p.snapshot_id`,
};

/** Lets a snapshot expire again; false where it was not pinned. */
export async function unpin(db: Executor, tenantId: string, snapshotId: number): Promise<boolean> {
  return (await db.query(unpinStatement, [tenantId, snapshotId])).length > 0;
}
