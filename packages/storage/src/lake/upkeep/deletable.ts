import type { Executor, Statement } from "../../executor.ts";
import type { DeletableFile } from "./lake-upkeep.ts";

/** A mark is never taken back, so what is read here stays true; that two callers delete the same object does no harm. */
const deletableStatement: Statement = {
  name: "lake.deletable",
  text: `
select f.file_id as "fileId", f.path from millrace.lake_files f
where f.tenant_no = $1::bigint and f.deleted_at is null and f.deleting_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
order by f.deleting_at limit $3::integer`,
};

/** Files that were marked so long ago. */
export function deletable(
  db: Executor,
  { tenantNo, graceMs, limit }: { readonly tenantNo: number; readonly graceMs: number; readonly limit: number },
): Promise<readonly DeletableFile[]> {
  return db.query<DeletableFile>(deletableStatement, [tenantNo, graceMs, limit]);
}
