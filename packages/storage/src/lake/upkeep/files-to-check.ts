import type { Executor, Statement } from "../../executor.ts";
import type { CataloguedFile } from "./lake-upkeep.ts";

/** A keyset walk. A file that is marked for deletion while it is checked is the checker's to find out: it asks for that file again. */
const filesToCheckStatement: Statement = {
  name: "lake.files_to_check",
  text: `
select f.file_id as "fileId", f.table_id as "tableId", f.version, f.path, f.row_count as "rowCount", f.file_bytes as "fileBytes", f.content_hash as "contentHash"
from millrace.lake_files f
where f.tenant_no = $1::bigint and f.file_id > $2::bigint and f.deleting_at is null and ($3::integer is null or f.table_id = $3::integer)
order by f.file_id limit $4::integer`,
};

/** Files of a tenant whose objects have to be there, by id. */
export function filesToCheck(
  db: Executor,
  {
    tenantNo,
    tableId,
    afterFileId,
    limit,
  }: {
    readonly tenantNo: number;
    readonly tableId: number | undefined;
    readonly afterFileId: number;
    readonly limit: number;
  },
): Promise<readonly CataloguedFile[]> {
  return db.query<CataloguedFile>(filesToCheckStatement, [tenantNo, afterFileId, tableId ?? null, limit]);
}
