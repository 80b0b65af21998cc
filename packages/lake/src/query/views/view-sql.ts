import type { Column } from "@millrace/contract";

import { duckdbType, quoteName, quoteText, schemaMapText, withSystemColumns } from "../../duckdb-types.ts";
import type { QueryFile, QueryTable } from "../query-table.ts";
import { reshape, sameShape } from "./reshape.ts";

/**
 * The schema that stands for `system` in a child: DuckDB has a catalogue of that name. It has as many letters, so positions in a user's
 * SQL stay as they were.
 */
export const systemSchema = "sys_of";

/** The statement that makes a table of a snapshot visible under its name. */
export function viewSql(table: QueryTable): string {
  const schema = table.schema === "system" ? systemSchema : "main";
  const columns = withSystemColumns(table.columns);
  const rows = rowsSql(table, columns);
  const body = table.primaryKey.length === 0 ? rows : winnersSql(rows, columns, table.primaryKey);
  return `CREATE VIEW memory.${schema}.${quoteName(table.name)} AS ${body}`;
}

/** A SELECT of all rows of files: field ids find columns of older ones under their new names and types; those whose structs differ are read apart. */
export function rowsSql(table: Omit<QueryTable, "name">, columns: readonly Column[]): string {
  if (table.files.length === 0) {
    const empty = columns.map((column) => `NULL::${duckdbType(column.type)} AS ${quoteName(column.name)}`);
    return `SELECT ${empty.join(", ")} WHERE false`;
  }
  const groups = [...groupByShape(table)].map(([, { files, stored }]) => selectSql(files, columns, stored));
  return groups.join(" UNION ALL ");
}

interface Group {
  readonly files: QueryFile[];
  /** Columns as they are in these files, by field id: only those whose shape differs from the present one. */
  readonly stored: ReadonlyMap<number, Column>;
}

function groupByShape(table: Omit<QueryTable, "name">): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const file of table.files) {
    const stored = new Map<number, Column>();
    for (const old of table.versions?.get(file.version) ?? []) {
      const now = table.columns.find((column) => column.fieldId === old.fieldId);
      if (now !== undefined && !sameShape(old.type, now.type)) stored.set(old.fieldId, old);
    }
    const key = JSON.stringify([...stored]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { files: [file], stored });
    else group.files.push(file);
  }
  return groups;
}

function selectSql(
  files: readonly QueryFile[],
  columns: readonly Column[],
  stored: ReadonlyMap<number, Column>,
): string {
  const read = columns.map((column): Column => {
    const old = stored.get(column.fieldId);
    if (old === undefined) return column;
    return { fieldId: column.fieldId, name: column.name, nullable: true, type: old.type };
  });
  const selected = columns.map((column) => {
    const old = stored.get(column.fieldId);
    const name = quoteName(column.name);
    return old === undefined ? name : `${reshape(name, old.type, column.type)} AS ${name}`;
  });
  const paths = files.map((file) => quoteText(file.localPath)).join(", ");
  return `SELECT ${selected.join(", ")} FROM read_parquet([${paths}], schema = ${schemaMapText(read)})`;
}

/** The newest row of a key is the one with the highest offset; a key whose newest row is a deletion has none. */
function winnersSql(rows: string, columns: readonly Column[], primaryKey: readonly number[]): string {
  const key = columns.filter((column) => primaryKey.includes(column.fieldId)).map((column) => quoteName(column.name));
  return `SELECT * FROM (SELECT * FROM (${rows}) QUALIFY row_number() OVER (PARTITION BY ${key.join(", ")} ORDER BY "_offset" DESC) = 1) WHERE "_op" IS DISTINCT FROM 'delete'`;
}
