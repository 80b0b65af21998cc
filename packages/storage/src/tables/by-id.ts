import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableColumns, toTable } from "./columns.ts";
import type { EventTable } from "./table-store.ts";

/** A read by primary key, in one snapshot with its columns. */
const byIdStatement: Statement = {
  name: "tables.by_id",
  text: `
select ${tableColumns}, v.columns, t.dropped_at is not null as dropped
from millrace.event_tables t
join millrace.event_table_versions v on v.table_id = t.table_id and v.version = t.version
where t.table_id = $1::integer`,
};

/** The table with this id, also when it was dropped. */
export async function tableById(
  db: Executor,
  tableId: number,
): Promise<(EventTable & { readonly dropped: boolean }) | undefined> {
  const [row] = await db.query<TableRow & { readonly dropped: boolean }>(byIdStatement, [tableId]);
  return row === undefined ? undefined : { ...toTable(row), dropped: row.dropped };
}
