import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableWithColumns, toTable } from "./columns.ts";
import type { EventTable, TableListFilter } from "./table-store.ts";

/** A keyset walk up (tenant, name): a table that is there throughout is seen exactly once, whatever is made meanwhile. */
const listStatement: Statement = {
  name: "tables.list",
  text: `
${tableWithColumns}
where t.tenant_id = $1::text and t.dropped_at is null and ($2::text[] is null or t.name = any($2::text[]))
  and ($3::text is null or t.name > $3::text)
order by t.name limit $4::integer`,
};

/** Live tables of a tenant by name, at most `limit` of them. */
export async function listTables(db: Executor, filter: TableListFilter): Promise<readonly EventTable[]> {
  const { tenantId, names, after, limit } = filter;
  return (await db.query<TableRow>(listStatement, [tenantId, names ?? null, after ?? null, limit])).map(toTable);
}
