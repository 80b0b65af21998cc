import type { EventTable } from "./table-store.ts";

/** A row of `event_tables` (t) with the columns of its version (v) as it comes from the database. */
export type TableRow = Omit<EventTable, "retentionDays"> & { readonly retentionDays: number | null };

/** What every statement on tables answers with, but for the columns. Its times are to the millisecond, so that they compare. */
export const tableColumns = `
  t.table_id as "tableId", t.tenant_id as "tenantId", t.tenant_no as "tenantNo", t.name, t.version, t.schema_mode as "schemaMode",
  t.primary_key as "primaryKey", t.sort_by as "sortBy", t.partition_by as "partitionBy", t.retention_days as "retentionDays", t.system,
  date_trunc('milliseconds', t.created_at) as "createdAt", date_trunc('milliseconds', t.updated_at) as "updatedAt",
  t.next_field_id as "nextFieldId"`;

/** A live table and the columns that are in force: one snapshot, so that both are of one version. */
export const tableWithColumns = `
select ${tableColumns}, v.columns
from millrace.event_tables t
join millrace.event_table_versions v on v.table_id = t.table_id and v.version = t.version`;

/** The channel on which a tenant's id is told when a table of it was made, changed or dropped. */
export const tableChannel = "millrace_tables";

/** A row as an EventTable. */
export function toTable(row: TableRow): EventTable {
  return { ...row, retentionDays: row.retentionDays ?? undefined };
}
