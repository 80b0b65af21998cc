import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableChannel, tableColumns, toTable } from "./columns.ts";
import type { EventTable, TableRef } from "./table-store.ts";

/** Of several that drop it, the row's lock lets one through: the others find it dropped. Its name is free with the commit. */
const dropStatement: Statement = {
  name: "tables.drop",
  text: `
with t as (
  update millrace.event_tables set dropped_at = clock_timestamp(), updated_at = clock_timestamp()
  where tenant_id = $1::text and name = $2::text and dropped_at is null
  returning *
)
select ${tableColumns}, v.columns, pg_notify('${tableChannel}', t.tenant_id) as told
from t join millrace.event_table_versions v using (table_id, version)`,
};

/** Ends a table; undefined when there is none of this name. Its files stay until somebody ends them. */
export async function dropTable(db: Executor, { tenantId, name }: TableRef): Promise<EventTable | undefined> {
  const [row] = await db.query<TableRow & { told: unknown }>(dropStatement, [tenantId, name]);
  if (row === undefined) return undefined;
  const { told: _, ...dropped } = row;
  return toTable(dropped);
}
