import { columnNameSchema, type EventOp, type FieldError } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { isRawJson } from "../../ingest/parse-json.ts";
import { checkOf, unknownMessage } from "./check-value.ts";
import { type Faults, note, refuse, type ValueCheck } from "./faults.ts";

/** What has become of a record: what to store of it, or what is wrong with it. */
export type RecordCheck =
  | {
      readonly ok: true;
      /** Itself, or a copy where something is stored in another form. `JSON.stringify` keeps every digit of it. */
      readonly payload: Readonly<Record<string, unknown>>;
      /** Fields that the table doesn't have: left out in `ignore` mode; in `evolve` mode still there, and the table needs columns for them. */
      readonly unknown: readonly string[];
    }
  /** Paths begin with `payload`. */
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Checks the records of one version of a table. */
export interface RecordValidator {
  /** Of a `delete` the columns of the primary key are needed, no others. Numbers are as `parseExactJson` reads them. */
  check(payload: unknown, op?: EventOp): RecordCheck;
}

interface KnownColumn {
  readonly name: string;
  readonly check: ValueCheck;
  readonly nullable: boolean;
  readonly isKey: boolean;
  readonly isRequired: boolean;
}

const none: readonly string[] = [];

/** Compiles a table's columns and mode into a check of its records. Whatever passes, DuckDB reads back as it was. */
export function compileRecordValidator(
  table: Pick<EventTable, "columns" | "schemaMode" | "primaryKey">,
): RecordValidator {
  const { schemaMode } = table;
  const known: readonly KnownColumn[] = table.columns.map(({ fieldId, name, type, nullable, default: filled }) => ({
    name,
    check: checkOf(type, schemaMode),
    nullable,
    isKey: table.primaryKey.includes(fieldId),
    isRequired: !nullable && filled === undefined,
  }));
  const byName = new Map(known.map((column) => [column.name, column]));
  const lowerNames = new Set(known.map(({ name }) => name.toLowerCase()));
  const hasKey = table.primaryKey.length > 0;
  const requiredCount = known.filter(({ isRequired }) => isRequired).length;
  const keyCount = table.primaryKey.length;

  /** Whether a field that is not known ends the record. */
  function isRefused(name: string): boolean {
    if (schemaMode !== "evolve") return schemaMode === "strict";
    return lowerNames.has(name.toLowerCase()) || !columnNameSchema.safeParse(name).success;
  }

  /** What is stored of a field that is known. */
  function checkKnown(column: KnownColumn, value: unknown, isDelete: boolean, faults: Faults): unknown {
    if (value !== null) return column.check(value, faults);
    if (column.nullable || (isDelete && !column.isKey)) return null;
    return refuse(faults, "required", "A value: the column is not nullable", value);
  }

  function noteMissing(record: object, isDelete: boolean, faults: Faults): void {
    for (const { name, isKey, isRequired } of known) {
      if (!(isDelete ? isKey : isRequired) || Object.hasOwn(record, name)) continue;
      faults.path[1] = name;
      note(faults, "required", "A value: the column is not nullable and has no default.");
    }
  }

  return {
    check(payload, op = "insert") {
      if (!hasKey && op !== "insert") {
        const faults: Faults = { path: ["op"], errors: [] };
        note(faults, "op_not_allowed", "insert: the table has no primary key.");
        return { ok: false, errors: faults.errors };
      }
      const faults: Faults = { path: ["payload"], errors: [] };
      if (typeof payload !== "object" || payload === null || Array.isArray(payload) || isRawJson(payload)) {
        refuse(faults, "wrong_type", "An object", payload);
        return { ok: false, errors: faults.errors };
      }
      const record = payload as Readonly<Record<string, unknown>>;
      const isDelete = op === "delete";
      let stored: Record<string, unknown> | undefined;
      let unknown: string[] | undefined;
      let needed = isDelete ? keyCount : requiredCount;
      for (const name in record) {
        const column = byName.get(name);
        const value = record[name];
        faults.path[1] = name;
        if (column !== undefined) {
          if (isDelete ? column.isKey : column.isRequired) needed--;
          const kept = checkKnown(column, value, isDelete, faults);
          if (kept !== value) (stored ??= { ...record })[name] = kept;
        } else if (schemaMode === "evolve" && value === null) {
          // No column can be made from null alone, and what is left out reads as null anyway.
          delete (stored ??= { ...record })[name];
        } else if (isRefused(name)) {
          note(faults, "unknown_field", unknownMessage(name, byName.keys()));
        } else {
          if (schemaMode === "ignore") delete (stored ??= { ...record })[name];
          (unknown ??= []).push(name);
        }
      }
      if (needed > 0) noteMissing(record, isDelete, faults);
      if (faults.errors.length > 0) return { ok: false, errors: faults.errors };
      return { ok: true, payload: stored ?? record, unknown: unknown ?? none };
    },
  };
}
