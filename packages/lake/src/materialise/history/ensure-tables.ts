import { MillraceError } from "@millrace/contract";
import { type EventTable, type SystemTable, systemTables, type TableStore } from "@millrace/storage";

/** The tenant's system tables, made where they are missing, and with them the tenant's log. */
export function ensureTables(
  tables: Pick<TableStore, "createTable" | "findTable">,
  tenantId: string,
): Promise<readonly EventTable[]> {
  return Promise.all(systemTables.map((table) => ensure(tables, tenantId, table)));
}

async function ensure(
  tables: Pick<TableStore, "createTable" | "findTable">,
  tenantId: string,
  table: SystemTable,
): Promise<EventTable> {
  const found =
    (await tables.findTable({ tenantId, name: table.name })) ??
    (await tables.createTable({ ...table, tenantId })) ??
    (await tables.findTable({ tenantId, name: table.name }));
  // Two dropped it meanwhile: the page is tried again.
  if (found === undefined) throw new MillraceError("UNAVAILABLE", `The table ${table.name} can't be made just now`);
  return found;
}
