import { type ColumnType, MillraceError, tableLimits, type TypeJson } from "@millrace/contract";

/** Gives out field ids: each once in the life of a table. */
export interface FieldIds {
  /** @throws SCHEMA_INCOMPATIBLE when a table has used them all up */
  take(): number;
  /** The next one to give out. */
  readonly next: number;
}

/** Field ids from here up. */
export function createFieldIds(first: number): FieldIds {
  let next = first;
  return {
    take() {
      if (next < tableLimits.fieldIdEnd) return next++;
      throw new MillraceError("SCHEMA_INCOMPATIBLE", "The table has had as many columns as a table can have.");
    },
    get next() {
      return next;
    },
  };
}

/** A type as it is stored, with new ids for every part of it. */
export function withFieldIds(type: TypeJson, ids: FieldIds): ColumnType {
  if (typeof type === "string") return type;
  if ("list" in type) return { fieldId: ids.take(), list: withFieldIds(type.list, ids) };
  return {
    struct: type.struct.map((field) => ({
      fieldId: ids.take(),
      name: field.name,
      type: withFieldIds(field.type, ids),
    })),
  };
}

/** How many fields a type has besides the column itself. */
export function innerFields(type: ColumnType): number {
  if (typeof type === "string") return 0;
  if ("list" in type) return 1 + innerFields(type.list);
  return type.struct.reduce((sum, field) => sum + 1 + innerFields(field.type), 0);
}
