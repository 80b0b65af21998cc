import type { z } from "zod";

import { type createTableRequestSchema, type FieldError, MillraceError, tableLimits } from "@millrace/contract";
import type { NewEventTable } from "@millrace/storage";

import { createFieldIds } from "./field-ids.ts";
import { createLayoutReader } from "./layout.ts";
import { countFields, doubleNames, newColumns } from "./new-column.ts";

/** A parsed request as the store takes it. @throws VALIDATION_FAILED with every problem at once */
export function toNewTable(tenantId: string, request: z.output<typeof createTableRequestSchema>): NewEventTable {
  const ids = createFieldIds(1);
  const { columns, errors } = newColumns(request.columns, ids, "columns", (name) => request.primaryKey.includes(name));
  const layout = createLayoutReader(columns);
  const table: NewEventTable = {
    tenantId,
    name: request.name,
    columns,
    schemaMode: request.schemaMode,
    primaryKey: layout.primaryKey(request.primaryKey),
    sortBy: layout.sortBy(request.sortBy),
    partitionBy: layout.partitionBy(request.partitionBy),
    retentionDays: request.retentionDays,
    nextFieldId: ids.next,
  };
  const doubles = doubleNames(columns).map(({ at, name }): FieldError => ({
    path: `columns.${at}.name`,
    code: "duplicate",
    message: `The column ${name} is given twice.`,
  }));
  const all = [...doubles, ...errors, ...layout.errors];
  if (countFields(columns) > tableLimits.fieldsMax) {
    const message = `At most ${tableLimits.fieldsMax} columns and parts of columns.`;
    all.push({ path: "columns", code: "too_big", message });
  }
  if (all.length === 0) return table;
  throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", { errors: all });
}
