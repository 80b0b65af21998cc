import { isDeepStrictEqual } from "node:util";

import type { Column, ColumnType } from "@millrace/contract";

import { defaultText, duckdbType, quoteName } from "../duckdb-types.ts";

/**
 * SQL that turns a value of one version's type into another version's. Parts are matched by field id, whatever they are called; what is new is
 * null, what was dropped is left out, and numbers are widened.
 */
function convertType(value: string, from: ColumnType, to: ColumnType, depth = 0): string {
  if (isDeepStrictEqual(from, to)) return value;
  if (typeof from === "string" || typeof to === "string") return `cast(${value} as ${duckdbType(to)})`;
  if ("list" in from && "list" in to) {
    const item = `item${depth}`;
    return `list_transform(${value}, lambda ${item}: ${convertType(item, from.list, to.list, depth + 1)})`;
  }
  if (!("struct" in from) || !("struct" in to)) return `cast(null as ${duckdbType(to)})`;
  const fields = to.struct.map((field) => {
    const old = from.struct.find(({ fieldId }) => fieldId === field.fieldId);
    const inner =
      old === undefined
        ? `cast(null as ${duckdbType(field.type)})`
        : convertType(`struct_extract(${value}, '${old.name}')`, old.type, field.type, depth);
    return `${quoteName(field.name)} := ${inner}`;
  });
  return `case when ${value} is not null then struct_pack(${fields.join(", ")}) end`;
}

/**
 * SQL for a column as it is now, from `r`, the payload typed as the version that the event was accepted under. A default stands in where the
 * payload doesn't name the column, but for deletes, which name a row by its key and say nothing about it.
 */
export function columnValue(column: Column, accepted: readonly Column[]): string {
  const type = duckdbType(column.type);
  const otherwise = column.default === undefined ? `cast(null as ${type})` : `cast(${defaultText(column)} as ${type})`;
  const old = accepted.find(({ fieldId }) => fieldId === column.fieldId);
  if (old === undefined) return `case when _op <> 'delete' then ${otherwise} end`;
  const value = `r.${quoteName(old.name)}`;
  const converted = convertType(value, old.type, column.type);
  if (column.default === undefined) return converted;
  return `case when ${value} is not null then ${converted} when _op = 'delete' then null when json_exists(payload, '$."${old.name}"') then null else ${otherwise} end`;
}
