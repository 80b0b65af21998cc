import type { Executor, Statement } from "../executor.ts";
import type { PublishedSnapshot } from "./watch-snapshots.ts";

/** The row changes in the transaction that publishes, so id and watermark are those of one snapshot that is committed. */
const newestOfStatement: Statement = {
  name: "lake.newest_of",
  text: `
select p.tenant_no as "tenantNo", p.snapshot_id as "snapshotId", p.watermark
from millrace.event_progress p where p.tenant_no = any($1::bigint[])`,
};

/** The newest snapshots of some tenants, in one statement. */
export function newestOf(db: Executor, tenantNos: readonly number[]): Promise<readonly PublishedSnapshot[]> {
  return db.query<PublishedSnapshot>(newestOfStatement, [tenantNos]);
}
