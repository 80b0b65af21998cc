import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableWithColumns, toTable } from "./columns.ts";
import type { EventTable } from "./table-store.ts";

/** One snapshot of all of them. */
const allOfStatement: Statement = {
  name: "tables.all_of",
  text: `${tableWithColumns} where t.tenant_id = $1::text and t.dropped_at is null order by t.table_id`,
};

/** All live tables of a tenant, the system's included, oldest first. */
export async function tablesOf(db: Executor, tenantId: string): Promise<readonly EventTable[]> {
  return (await db.query<TableRow>(allOfStatement, [tenantId])).map(toTable);
}
