import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableWithColumns, toTable } from "./columns.ts";
import type { EventTable, TableRef } from "./table-store.ts";

/** A read by unique index. */
const findStatement: Statement = {
  name: "tables.find",
  text: `${tableWithColumns} where t.tenant_id = $1::text and t.name = $2::text and t.dropped_at is null`,
};

/** The tenant's live table of this name. */
export async function findTable(db: Executor, { tenantId, name }: TableRef): Promise<EventTable | undefined> {
  const [row] = await db.query<TableRow>(findStatement, [tenantId, name]);
  return row === undefined ? undefined : toTable(row);
}
