import type { Statement, Transaction } from "../../executor.ts";
import { boundary } from "./expire-snapshots.ts";

/**
 * Runs under the row of the tenant's progress: nobody expires, pins or ends anything meanwhile. A file is marked when every snapshot that held it has
 * expired, which none takes back; who has resolved one of them before reads it within the grace, which begins now.
 */
const markDeletableStatement: Statement = {
  name: "lake.mark_deletable",
  text: `
update millrace.lake_files f set deleting_at = clock_timestamp()
where f.file_id in (
  select e.file_id from millrace.lake_files e
  where e.tenant_no = $1::bigint and e.end_snapshot is not null and e.deleted_at is null and e.deleting_at is null
    and e.end_snapshot <= ${boundary("$1::bigint", "$2::float8")}
    and not exists (
      select from millrace.lake_snapshots s
      where s.tenant_no = e.tenant_no and s.expired_at is null and s.snapshot_id >= e.begin_snapshot and s.snapshot_id < e.end_snapshot
    )
  order by e.end_snapshot limit $3::integer
)
returning f.file_id`,
};

/** Marks ended files that no snapshot is left of; the caller holds the row of the tenant's progress. Answers how many. */
export async function markDeletable(
  tx: Transaction,
  { tenantNo, retentionMs, limit }: { readonly tenantNo: number; readonly retentionMs: number; readonly limit: number },
): Promise<number> {
  return (await tx.query(markDeletableStatement, [tenantNo, retentionMs, limit])).length;
}
