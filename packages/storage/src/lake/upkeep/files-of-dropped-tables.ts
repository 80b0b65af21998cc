import type { Executor, Statement } from "../../executor.ts";

/** A table that is dropped stays so. Its last events may still be on their way into a file: they are found by the next look. */
const filesOfDroppedTablesStatement: Statement = {
  name: "lake.files_of_dropped_tables",
  text: `
select f.file_id as "fileId" from millrace.event_tables t
join millrace.lake_files f on f.tenant_no = t.tenant_no and f.table_id = t.table_id
where t.tenant_no = $1::bigint and t.dropped_at is not null and f.end_snapshot is null
order by f.file_id limit $2::integer`,
};

/** Live files of a tenant's tables that are dropped. */
export async function filesOfDroppedTables(db: Executor, tenantNo: number, limit: number): Promise<readonly number[]> {
  const rows = await db.query<{ fileId: number }>(filesOfDroppedTablesStatement, [tenantNo, limit]);
  return rows.map(({ fileId }) => fileId);
}
