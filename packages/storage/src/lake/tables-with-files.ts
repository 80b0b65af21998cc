import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableColumns, toTable } from "../tables/columns.ts";
import type { EventTable } from "../tables/table-store.ts";

/**
 * A keyset walk up the ids of tables, which are never used again. What it says is a hint for maintenance: every change that follows from it
 * is checked again where it is made.
 */
const tablesWithFilesStatement: Statement = {
  name: "lake.tables_with_files",
  text: `
select ${tableColumns}, v.columns, live.files as "liveFiles"
from millrace.event_tables t
join millrace.event_table_versions v on v.table_id = t.table_id and v.version = t.version
cross join lateral (
  select count(*) as files from millrace.lake_files f
  where f.tenant_no = t.tenant_no and f.table_id = t.table_id and f.end_snapshot is null
) live
where t.table_id > $1::integer and t.dropped_at is null and live.files >= $2::bigint
order by t.table_id limit $3::integer`,
};

export interface TablesWithFilesFilter {
  readonly afterTableId: number;
  readonly liveFilesMin: number;
  readonly limit: number;
}

/** Live tables of all tenants that have so many live files, by id. */
export async function tablesWithFiles(
  db: Executor,
  { afterTableId, liveFilesMin, limit }: TablesWithFilesFilter,
): Promise<readonly { readonly table: EventTable; readonly liveFiles: number }[]> {
  const rows = await db.query<TableRow & { liveFiles: number }>(tablesWithFilesStatement, [
    afterTableId,
    liveFilesMin,
    limit,
  ]);
  return rows.map(({ liveFiles, ...table }) => ({ table: toTable(table), liveFiles }));
}
