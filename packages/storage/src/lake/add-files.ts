import type { Statement, Transaction } from "../executor.ts";
import type { NewLakeFile } from "./lake-store.ts";

/** Nobody reads these rows before the snapshot's row is there: both are committed by the same transaction. A path is published once, or not at all. */
const addFilesStatement: Statement = {
  name: "lake.add_files",
  text: `
insert into millrace.lake_files (tenant_no, begin_snapshot, table_id, version, path, row_count, file_bytes, content_hash,
  min_offset, max_offset, min_ingested_at, max_ingested_at, column_stats)
select $1::bigint, $2::bigint, f.table_id, f.version, f.path, f.row_count, f.file_bytes, f.content_hash,
  f.min_offset, f.max_offset, f.min_ingested_at, f.max_ingested_at, f.column_stats::json
from unnest($3::integer[], $4::integer[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[],
  $11::timestamptz[], $12::timestamptz[], $13::text[]) with ordinality
  as f(table_id, version, path, row_count, file_bytes, content_hash, min_offset, max_offset, min_ingested_at, max_ingested_at, column_stats, ordinal)
order by f.ordinal`,
};

/** Adds files from a snapshot on. */
export async function addFiles(
  tx: Transaction,
  tenantNo: number,
  snapshotId: number,
  files: readonly NewLakeFile[],
): Promise<void> {
  if (files.length === 0) return;
  await tx.query(addFilesStatement, [
    tenantNo,
    snapshotId,
    files.map((file) => file.tableId),
    files.map((file) => file.version),
    files.map((file) => file.path),
    files.map((file) => file.rowCount),
    files.map((file) => file.fileBytes),
    files.map((file) => file.contentHash),
    files.map((file) => file.minOffset),
    files.map((file) => file.maxOffset),
    files.map((file) => file.minIngestedAt),
    files.map((file) => file.maxIngestedAt),
    files.map((file) => file.columnStats),
  ]);
}
