import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableChannel, tableColumns, toTable } from "./columns.ts";
import type { EventTable, NewEventTable } from "./table-store.ts";

/**
 * The unique index on live names decides between two that make the same one; the other waits for its commit and is told that it is taken.
 * The tenant's log is made by whoever is first: the conflict's update is what gives the second one its number.
 */
const createStatement: Statement = {
  name: "tables.create",
  text: `
with log as (
  insert into millrace.event_logs (tenant_id) values ($1::text)
  on conflict (tenant_id) do update set tenant_id = excluded.tenant_id
  returning tenant_no
),
progress as (
  insert into millrace.event_progress (tenant_no) select tenant_no from log on conflict (tenant_no) do nothing
),
t as (
  insert into millrace.event_tables
    (tenant_no, tenant_id, name, schema_mode, primary_key, sort_by, partition_by, retention_days, next_field_id, system)
  select tenant_no, $1::text, $2::text, $3::text, $4::integer[], $5::integer[], $6::json, $7::integer, $8::integer, $9::boolean
  from log
  on conflict (tenant_id, name) where dropped_at is null do nothing
  returning *
),
v as (
  insert into millrace.event_table_versions (table_id, version, columns)
  select table_id, version, $10::json from t
  returning table_id, columns
)
select ${tableColumns}, v.columns, pg_notify('${tableChannel}', t.tenant_id) as told from t join v using (table_id)`,
};

/** Stores a new table with version 1 of its columns, and the tenant's log with its first table; undefined when the name is taken. */
export async function createTable(db: Executor, table: NewEventTable): Promise<EventTable | undefined> {
  const [row] = await db.query<TableRow & { told: unknown }>(createStatement, [
    table.tenantId,
    table.name,
    table.schemaMode,
    table.primaryKey,
    table.sortBy,
    JSON.stringify(table.partitionBy),
    table.retentionDays ?? null,
    table.nextFieldId,
    table.system ?? false,
    JSON.stringify(table.columns),
  ]);
  if (row === undefined) return undefined;
  const { told: _, ...made } = row;
  return toTable(made);
}
