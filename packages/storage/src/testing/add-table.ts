import type { EventTable, NewEventTable, TableStore } from "../tables/table-store.ts";

/** Makes a table with one column, `n`; `changes` say what the test is about. */
export async function addTable(
  tables: Pick<TableStore, "createTable">,
  changes: Partial<NewEventTable> = {},
): Promise<EventTable> {
  const wanted: NewEventTable = {
    tenantId: "acme",
    name: "events",
    columns: [{ fieldId: 1, name: "n", type: "int64", nullable: true }],
    schemaMode: "strict",
    primaryKey: [],
    sortBy: [],
    partitionBy: [],
    retentionDays: undefined,
    nextFieldId: 1_000,
    ...changes,
  };
  const table = await tables.createTable(wanted);
  if (table === undefined) throw new Error(`There is a table ${wanted.name} already`);
  return table;
}
