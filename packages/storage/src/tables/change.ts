import type { Executor, Statement } from "../executor.ts";
import { type TableRow, tableChannel, tableColumns, toTable } from "./columns.ts";
import type { EventTable, TableChange } from "./table-store.ts";

/**
 * Compare and set: of two that have read the same state, the second finds another one once it gets the row's lock, and writes nothing.
 * The time of a change is later than the last one's by a millisecond at least, which is what they are compared by.
 */
const changeStatement: Statement = {
  name: "tables.change",
  text: `
with t as (
  update millrace.event_tables t set
    name = $4::text, schema_mode = $5::text, sort_by = $6::integer[], partition_by = $7::json, retention_days = $8::integer,
    next_field_id = $9::integer,
    version = t.version + (v.columns::jsonb <> $10::jsonb)::integer,
    updated_at = greatest(clock_timestamp(), t.updated_at + interval '1 millisecond')
  from millrace.event_table_versions v
  where t.table_id = $1::integer and t.version = $2::integer and date_trunc('milliseconds', t.updated_at) = $3::timestamptz
    and t.dropped_at is null and v.table_id = t.table_id and v.version = $2::integer
  returning t.*
),
v as (
  insert into millrace.event_table_versions (table_id, version, columns)
  select table_id, version, $10::json from t where version <> $2::integer
)
select ${tableColumns}, $10::json as columns, pg_notify('${tableChannel}', t.tenant_id) as told from t`,
};

/** Changes a table that is still as it was read, with a new version where the columns differ; undefined when it isn't. */
export async function changeTable(db: Executor, { tableId, from, to }: TableChange): Promise<EventTable | undefined> {
  const [row] = await db.query<TableRow & { told: unknown }>(changeStatement, [
    tableId,
    from.version,
    from.updatedAt,
    to.name,
    to.schemaMode,
    to.sortBy,
    JSON.stringify(to.partitionBy),
    to.retentionDays ?? null,
    to.nextFieldId,
    JSON.stringify(to.columns),
  ]);
  if (row === undefined) return undefined;
  const { told: _, ...changed } = row;
  return toTable(changed);
}
