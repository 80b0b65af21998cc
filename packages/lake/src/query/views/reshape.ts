import type { ColumnType } from "@millrace/contract";

import { duckdbType, quoteName } from "../../duckdb-types.ts";

/** True when DuckDB reads a stored value as the present type by itself: it finds the fields of structs by name. */
export function sameShape(stored: ColumnType, now: ColumnType): boolean {
  if (typeof stored === "string" || typeof now === "string") return typeof stored === typeof now;
  if ("list" in stored) return "list" in now && sameShape(stored.list, now.list);
  if (!("struct" in now) || stored.struct.length !== now.struct.length) return false;
  return now.struct.every((field) => {
    const old = stored.struct.find((candidate) => candidate.fieldId === field.fieldId);
    return old?.name === field.name && sameShape(old.type, field.type);
  });
}

/** An expression of the present type for a value that was stored with an older one; fields of structs go by their ids. */
export function reshape(value: string, stored: ColumnType, now: ColumnType, depth = 0): string {
  if (typeof stored === "string" || typeof now === "string" || sameShape(stored, now)) {
    return `CAST(${value} AS ${duckdbType(now)})`;
  }
  if ("list" in stored && "list" in now) {
    const item = `item${depth}`;
    return `list_transform(${value}, lambda ${item}: ${reshape(item, stored.list, now.list, depth + 1)})`;
  }
  if (!("struct" in stored) || !("struct" in now)) return `CAST(NULL AS ${duckdbType(now)})`;
  const fields = now.struct.map((field) => {
    const old = stored.struct.find((candidate) => candidate.fieldId === field.fieldId);
    const from =
      old === undefined
        ? `CAST(NULL AS ${duckdbType(field.type)})`
        : reshape(`struct_extract(${value}, '${old.name.replaceAll("'", "''")}')`, old.type, field.type, depth);
    return `${quoteName(field.name)} := ${from}`;
  });
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(", ")}) END`;
}
