import type { Statement, Transaction } from "../executor.ts";

/**
 * The first statement of everything that makes or ends snapshots of a tenant, or decides which may: whoever holds this row is alone, and what it
 * reads in later statements is what the one before it has committed. "No key", so that rows that reference the tenant don't wait.
 */
const lockProgressStatement: Statement = {
  name: "lake.lock_progress",
  text: `
select p.tenant_no as "tenantNo", p.snapshot_id as "snapshotId"
from millrace.event_progress p join millrace.event_logs l on l.tenant_no = p.tenant_no
where ($1::bigint is null or p.tenant_no = $1::bigint) and ($2::text is null or l.tenant_id = $2::text)
for no key update of p`,
};

/** Locks the progress of one tenant to the end of the transaction; undefined for a tenant without a log. */
export async function lockProgress(
  tx: Transaction,
  {
    tenantNo,
    tenantId,
  }:
    | { readonly tenantNo: number; readonly tenantId?: undefined }
    | { readonly tenantNo?: undefined; readonly tenantId: string },
): Promise<{ readonly tenantNo: number; readonly snapshotId: number } | undefined> {
  const [row] = await tx.query<{ tenantNo: number; snapshotId: number }>(lockProgressStatement, [
    tenantNo ?? null,
    tenantId ?? null,
  ]);
  return row;
}
