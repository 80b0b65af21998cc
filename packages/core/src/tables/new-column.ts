import type { z } from "zod";

import type { Column, FieldError, newColumnSchema } from "@millrace/contract";

import { toDefault } from "./default-value.ts";
import { type FieldIds, innerFields, withFieldIds } from "./field-ids.ts";

/** Makes columns of what was asked for, or tells everything that is wrong with them. `isKey` says which are of the primary key. */
export function newColumns(
  asked: readonly z.output<typeof newColumnSchema>[],
  ids: FieldIds,
  path: string,
  isKey: (name: string) => boolean = () => false,
): { readonly columns: readonly Column[]; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const columns = asked.map((given, at): Column => {
    const { name } = given;
    const column = {
      fieldId: ids.take(),
      name,
      type: withFieldIds(given.type, ids),
      nullable: given.nullable ?? !isKey(name),
    };
    if (column.nullable && isKey(name)) {
      errors.push({ path: `${path}.${at}.nullable`, code: "invalid_column", message: "A primary key is never null." });
    }
    if (given.default === undefined || (given.default === null && column.nullable)) return column;
    const result = toDefault(column.type, given.default, [path, at, "default"]);
    if ("text" in result) return { ...column, default: result.text };
    errors.push(...result.errors);
    return column;
  });
  return { columns, errors };
}

/** Names that are given twice, whatever their case: SQL takes `Id` and `id` for one. */
export function doubleNames(
  columns: readonly { readonly name: string }[],
): readonly { readonly at: number; readonly name: string }[] {
  const seen = new Set<string>();
  return columns.flatMap(({ name }, at) => {
    const lower = name.toLowerCase();
    if (seen.has(lower)) return [{ at, name }];
    seen.add(lower);
    return [];
  });
}

/** Columns and all their parts. */
export function countFields(columns: readonly Column[]): number {
  return columns.reduce((sum, { type }) => sum + 1 + innerFields(type), 0);
}
