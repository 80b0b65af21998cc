import { type Column, type ColumnType, systemColumns } from "@millrace/contract";

/** How a column's type is written in DuckDB's SQL. Timestamps are instants: every session of ours has the time zone UTC. */
export function duckdbType(type: ColumnType): string {
  if (typeof type === "string") return scalarTypes[type] ?? type.toUpperCase();
  if ("list" in type) return `${duckdbType(type.list)}[]`;
  return `STRUCT(${type.struct.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(", ")})`;
}

/** What isn't here, `decimal(p,s)`, is written as it is. */
const scalarTypes: Readonly<Record<string, string>> = {
  boolean: "BOOLEAN",
  int32: "INTEGER",
  int64: "BIGINT",
  float64: "DOUBLE",
  varchar: "VARCHAR",
  timestamp: "TIMESTAMPTZ",
  date: "DATE",
  uuid: "UUID",
  json: "JSON",
};

/** The columns that every table has besides its own, in the shape of a table's column. `_event_time` may be null; the others never are. */
export const systemColumnList: readonly Column[] = systemColumns.map((column) => ({
  ...column,
  nullable: column.name === "_event_time",
}));

/** All columns of a table's files and views: its own ones first. */
export function withSystemColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumnList];
}

/** The value of COPY's option FIELD_IDS for these columns: every part of a column gets its own id. */
export function fieldIdsText(columns: readonly Pick<Column, "fieldId" | "name" | "type">[]): string {
  return `{${columns.map((column) => fieldIdOf(column.name, column.fieldId, column.type)).join(", ")}}`;
}

function fieldIdOf(name: string, fieldId: number, type: ColumnType): string {
  const inner = innerFieldIds(type);
  return `${quoteName(name)}: ${inner === undefined ? fieldId : `{__duckdb_field_id: ${fieldId}, ${inner}}`}`;
}

function innerFieldIds(type: ColumnType): string | undefined {
  if (typeof type === "string") return undefined;
  if ("list" in type) return fieldIdOf("element", type.fieldId, type.list);
  return type.struct.map((field) => fieldIdOf(field.name, field.fieldId, field.type)).join(", ");
}

/**
 * The value of `read_parquet`'s option `schema` for these columns. DuckDB finds columns by field id with it, but the fields of a struct by
 * name; where a file lacks the column, its rows have the default.
 */
export function schemaMapText(columns: readonly Column[]): string {
  return `MAP {${columns
    .map(
      (column) =>
        `${column.fieldId}: {name: ${quoteText(column.name)}, type: ${quoteText(duckdbType(column.type))}, default_value: ${defaultText(column)}}`,
    )
    .join(", ")}}`;
}

/** Defaults of all types share one map, so each is the text that casts to it; numbers are never parsed, which keeps every digit. */
export function defaultText({ type, default: json }: Column): string {
  if (json === undefined || json === "null") return "NULL::VARCHAR";
  if (typeof type !== "string") return `from_json(${quoteText(json)}, ${quoteText(jsonStructure(type))})::VARCHAR`;
  return quoteText(type !== "json" && json.startsWith('"') ? (JSON.parse(json) as string) : json);
}

/** The structure that DuckDB's `from_json` wants to be told, as JSON text: for payloads (by column) and for values of nested types. */
export function jsonStructure(type: ColumnType): string {
  return JSON.stringify(structureOf(type));
}

type Structure = string | readonly [Structure] | { readonly [name: string]: Structure };

function structureOf(type: ColumnType): Structure {
  if (typeof type === "string") return duckdbType(type);
  if ("list" in type) return [structureOf(type.list)];
  return Object.fromEntries(type.struct.map((field) => [field.name, structureOf(field.type)]));
}

/** A name of SQL in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text constant of SQL. DuckDB knows no escapes inside of it but the doubled quote. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
