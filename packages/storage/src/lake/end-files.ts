import type { Statement, Transaction } from "../executor.ts";

/**
 * Under the row of the tenant's progress nobody else ends or adds files of it. A file that has ended already, or is another tenant's, isn't
 * touched, so the count tells whether all of them were live.
 */
const endFilesStatement: Statement = {
  name: "lake.end_files",
  text: `
update millrace.lake_files set end_snapshot = $2::bigint, ended_at = clock_timestamp()
where tenant_no = $1::bigint and file_id = any($3::bigint[]) and end_snapshot is null
returning file_id`,
};

/** Ends files with a snapshot; false when not all of them are live. */
export async function endFiles(
  tx: Transaction,
  tenantNo: number,
  snapshotId: number,
  fileIds: readonly number[],
): Promise<boolean> {
  if (fileIds.length === 0) return true;
  const ended = await tx.query(endFilesStatement, [tenantNo, snapshotId, fileIds]);
  return ended.length === new Set(fileIds).size;
}
