import { type Column, type ColumnJson, idempotencyWindowDays, type TableJson } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { toDefaultJson } from "./default-value.ts";
import { toTypeJson } from "./type-json.ts";

/** A table as JSON shows it: without its tenant and its number, columns by their names. */
export function toTableJson(table: EventTable): TableJson {
  const names = new Map(table.columns.map(({ fieldId, name }) => [fieldId, name]));
  const namesOf = (fieldIds: readonly number[]) => fieldIds.flatMap((fieldId) => names.get(fieldId) ?? []);
  return {
    name: table.name,
    version: table.version,
    columns: table.columns.map(toColumnJson),
    primaryKey: namesOf(table.primaryKey),
    sortBy: namesOf(table.sortBy),
    partitionBy: table.partitionBy.flatMap(({ fieldId, transform }) =>
      namesOf([fieldId]).map((column) => ({ column, transform })),
    ),
    retentionDays: table.retentionDays ?? null,
    schemaMode: table.schemaMode,
    system: table.system,
    idempotencyWindowDays,
    createdAt: table.createdAt.toISOString(),
    updatedAt: table.updatedAt.toISOString(),
  };
}

function toColumnJson({ fieldId, name, type, nullable, default: filled }: Column): ColumnJson {
  return {
    fieldId,
    name,
    type: toTypeJson(type),
    nullable,
    ...(filled === undefined ? {} : { default: toDefaultJson(type, filled) }),
  };
}
