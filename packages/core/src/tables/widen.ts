import { type ColumnType, decimalOf, type TypeJson } from "@millrace/contract";

import { type FieldIds, withFieldIds } from "./field-ids.ts";
import { toTypeJson } from "./type-json.ts";

/** The wider type with the ids of the one it widens, or why it is no wider one. Every value of the old type is one of the new type. */
export function widen(
  from: ColumnType,
  to: TypeJson,
  ids: FieldIds,
): { readonly type: ColumnType } | { readonly reason: string } {
  if (typeof from === "string") {
    return typeof to === "string" && (from === to || holds(to, from)) ? { type: to } : { reason: reasonOf(from, to) };
  }
  if (typeof to === "string") return { reason: reasonOf(from, to) };
  if ("list" in from) {
    if (!("list" in to)) return { reason: reasonOf(from, to) };
    const inner = widen(from.list, to.list, ids);
    return "reason" in inner ? inner : { type: { fieldId: from.fieldId, list: inner.type } };
  }
  if (!("struct" in to)) return { reason: reasonOf(from, to) };
  const byName = new Map(to.struct.map((field) => [field.name, field]));
  const fields = [];
  for (const field of from.struct) {
    const wanted = byName.get(field.name);
    if (wanted === undefined) return { reason: `the field ${field.name} of its struct is missing` };
    const inner = widen(field.type, wanted.type, ids);
    if ("reason" in inner) return { reason: `the field ${field.name} of its struct: ${inner.reason}` };
    fields.push({ ...field, type: inner.type });
  }
  const known = new Set(from.struct.map(({ name }) => name));
  const added = to.struct
    .filter(({ name }) => !known.has(name))
    .map(({ name, type }) => ({ fieldId: ids.take(), name, type: withFieldIds(type, ids) }));
  return { type: { struct: [...fields, ...added] } };
}

/** Whether a scalar holds all values of another one. */
function holds(wide: string, narrow: string): boolean {
  if (narrow === "int32") return wide === "int64" || wide === "float64";
  const from = decimalOf(narrow);
  const to = decimalOf(wide);
  return from !== undefined && to !== undefined && to.scale === from.scale && to.precision > from.precision;
}

function reasonOf(from: ColumnType, to: TypeJson): string {
  return `${show(toTypeJson(from))} can't become ${show(to)}; int32 can become int64 or float64, a decimal one with more digits and the same scale, and structs can get more fields`;
}

function show(type: TypeJson): string {
  return typeof type === "string" ? type : JSON.stringify(type);
}
