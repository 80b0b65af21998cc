import { type EventTable, systemTables } from "@millrace/storage";

const never = new Date(0);

/** A tenant's tables and, empty, those of the system that are not made yet: they are there for every tenant, whatever it has run. */
export function withSystemTables(tenantId: string, tables: readonly EventTable[]): readonly EventTable[] {
  const missing = systemTables.filter(({ name }) => !tables.some((table) => table.name === name));
  return [
    ...tables,
    // No table has an id below 1, so they have no files.
    ...missing.map((table, index) => ({
      ...table,
      tenantId,
      tenantNo: 0,
      tableId: -index,
      version: 1,
      retentionDays: table.retentionDays,
      createdAt: never,
      updatedAt: never,
    })),
  ];
}
