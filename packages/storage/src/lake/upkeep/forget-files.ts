import type { Executor, Statement } from "../../executor.ts";

/** What is deleted is in no snapshot that can be queried, and its path is never used again: nobody looks for the row. */
const forgetFilesStatement: Statement = {
  name: "lake.forget_files",
  text: `
delete from millrace.lake_files where file_id in (
  select f.file_id from millrace.lake_files f
  where f.tenant_no = $1::bigint and f.deleted_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
  order by f.deleted_at limit $3::integer
)
returning file_id`,
};

/** Removes the rows of files whose objects were deleted so long ago; answers how many. */
export async function forgetFiles(
  db: Executor,
  { tenantNo, keptMs, limit }: { readonly tenantNo: number; readonly keptMs: number; readonly limit: number },
): Promise<number> {
  return (await db.query(forgetFilesStatement, [tenantNo, keptMs, limit])).length;
}
