import type { ColumnType, TypeJson } from "@millrace/contract";

/** A type as requests and answers write it: without the ids of its parts. */
export function toTypeJson(type: ColumnType): TypeJson {
  if (typeof type === "string") return type;
  if ("list" in type) return { list: toTypeJson(type.list) };
  return { struct: type.struct.map((field) => ({ name: field.name, type: toTypeJson(field.type) })) };
}
