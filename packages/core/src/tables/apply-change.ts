import type { z } from "zod";

import { type Column, MillraceError, tableLimits, type updateTableRequestSchema } from "@millrace/contract";
import type { EventTable, TableChange } from "@millrace/storage";

import { createFieldIds, type FieldIds } from "./field-ids.ts";
import { createLayoutReader } from "./layout.ts";
import { countFields, doubleNames, newColumns } from "./new-column.ts";
import { widen } from "./widen.ts";

export type TableUpdate = z.output<typeof updateTableRequestSchema>;

/**
 * The table after a change; evolution goes by field ids, so that files and events of all older versions can still be read.
 * @throws SCHEMA_INCOMPATIBLE naming each column that is in the way, VALIDATION_FAILED
 */
export function applyChange(table: EventTable, update: TableUpdate): TableChange["to"] {
  const reasons: string[] = [];
  const ids = createFieldIds(table.nextFieldId);
  checkNames(table, update, reasons);
  const kept = table.columns.filter(({ name }) => update.dropColumns?.includes(name) !== true);
  const changed = kept.map((column) => changeColumn(column, update, ids, reasons));
  const added = newColumns(update.addColumns ?? [], ids, "addColumns");
  for (const { name, nullable, default: filled } of added.columns) {
    if (!nullable && filled === undefined) {
      reasons.push(
        `The new column ${name} is not nullable and has no default, so the rows that are there have no value for it.`,
      );
    }
  }
  const columns = [...changed, ...added.columns];
  const layout = createLayoutReader(columns);
  const sortBy = update.sortBy === undefined ? table.sortBy : layout.sortBy(update.sortBy);
  const partitionBy = update.partitionBy === undefined ? table.partitionBy : layout.partitionBy(update.partitionBy);
  const errors = [...added.errors, ...layout.errors];
  if (errors.length > 0) {
    throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", { errors });
  }
  checkDrops(table, update, [...table.primaryKey, ...sortBy, ...partitionBy.map(({ fieldId }) => fieldId)], reasons);
  checkColumns(columns, reasons);
  if (reasons.length > 0) throw incompatible(reasons);
  return {
    name: table.name,
    columns,
    schemaMode: update.schemaMode ?? table.schemaMode,
    sortBy,
    partitionBy,
    retentionDays: update.retentionDays === undefined ? table.retentionDays : (update.retentionDays ?? undefined),
    nextFieldId: ids.next,
  };
}

function incompatible(reasons: readonly string[]): MillraceError {
  return new MillraceError("SCHEMA_INCOMPATIBLE", reasons.join(" "));
}

function checkNames(table: EventTable, update: TableUpdate, reasons: string[]): void {
  const known = new Set(table.columns.map(({ name }) => name));
  const dropped = new Set(update.dropColumns);
  const named = [
    ...(update.dropColumns ?? []).map((name) => ["dropped", name] as const),
    ...(update.renameColumns ?? []).map(({ from }) => ["renamed", from] as const),
    ...(update.widenColumns ?? []).map(({ name }) => ["widened", name] as const),
  ];
  const seen = new Set<string>();
  for (const [change, name] of named) {
    const key = `${change} ${name}`;
    if (!known.has(name)) reasons.push(`There is no column ${name} to be ${change}.`);
    else if (seen.has(key)) reasons.push(`The column ${name} is to be ${change} twice.`);
    else if (change !== "dropped" && dropped.has(name))
      reasons.push(`The column ${name} is to be ${change} and dropped.`);
    seen.add(key);
  }
}

function changeColumn(column: Column, update: TableUpdate, ids: FieldIds, reasons: string[]): Column {
  const rename = update.renameColumns?.find(({ from }) => from === column.name);
  const wider = update.widenColumns?.find(({ name }) => name === column.name);
  const named = rename === undefined ? column : { ...column, name: rename.to };
  if (wider === undefined) return named;
  const result = widen(column.type, wider.type, ids);
  if ("type" in result) return { ...named, type: result.type };
  reasons.push(`The column ${column.name}: ${result.reason}.`);
  return named;
}

function checkDrops(table: EventTable, update: TableUpdate, needed: readonly number[], reasons: string[]): void {
  for (const { fieldId, name } of table.columns) {
    if (update.dropColumns?.includes(name) === true && needed.includes(fieldId)) {
      reasons.push(`The column ${name} can't be dropped: it is in ${useOf(table, fieldId)}.`);
    }
  }
}

function useOf(table: EventTable, fieldId: number): string {
  if (table.primaryKey.includes(fieldId)) return "the primary key";
  return table.sortBy.includes(fieldId) ? "sortBy" : "partitionBy";
}

function checkColumns(columns: readonly Column[], reasons: string[]): void {
  for (const { name } of doubleNames(columns)) reasons.push(`There would be two columns ${name}.`);
  if (columns.length === 0) reasons.push("A table has one column at least.");
  if (columns.length > tableLimits.columnsMax) reasons.push(`A table has ${tableLimits.columnsMax} columns at most.`);
  if (countFields(columns) > tableLimits.fieldsMax) {
    reasons.push(`A table has ${tableLimits.fieldsMax} columns and parts of columns at most.`);
  }
}
