import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { fileColumns } from "./columns.ts";
import type { LakeFile, Snapshot } from "./lake-store.ts";

/**
 * Files come and go with snapshots only, so what a snapshot holds is the same whenever it is asked, until it expires. An object is deleted after
 * the last snapshot with it has expired, and one statement sees both or neither: it answers all files, or that the snapshot is gone.
 */
const filesOfStatement: Statement = {
  name: "lake.files_of",
  text: `
with wanted as materialized (
  select s.snapshot_id, s.expired_at is not null as expired
  from millrace.lake_snapshots s where s.tenant_no = $1::bigint and s.snapshot_id = $2::bigint
),
held as (
  select f.* from millrace.lake_files f
  where f.tenant_no = $1::bigint and f.table_id = any($3::integer[]) and f.end_snapshot is null and f.begin_snapshot <= $2::bigint
  union all
  select f.* from millrace.lake_files f
  where f.tenant_no = $1::bigint and f.table_id = any($3::integer[]) and f.end_snapshot > $2::bigint and f.deleted_at is null
    and f.begin_snapshot <= $2::bigint
)
select w.expired, ${fileColumns} from wanted w left join held f on not w.expired order by f.file_id`,
};

/** The files of some tables in a snapshot, oldest first. @throws SNAPSHOT_EXPIRED */
export async function filesOf(
  db: Executor,
  { tenantNo, snapshotId }: Snapshot,
  tableIds: readonly number[],
): Promise<readonly LakeFile[]> {
  if (snapshotId === 0 || tableIds.length === 0) return [];
  const rows = await db.query<LakeFile & { expired: boolean }>(filesOfStatement, [tenantNo, snapshotId, tableIds]);
  if (rows[0]?.expired === true)
    throw new MillraceError("SNAPSHOT_EXPIRED", `Snapshot ${snapshotId} has expired: its files may be gone.`);
  return rows.filter(({ fileId }) => fileId !== null).map(({ expired: _, ...file }) => file);
}
