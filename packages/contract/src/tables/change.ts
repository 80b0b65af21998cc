import { z } from "zod";

import { schemaModes } from "./column.ts";
import { tableLimits } from "./limits.ts";
import { newColumnSchema, partitionBySchema, retentionDaysSchema, sortBySchema } from "./table.ts";
import { columnNameSchema, typeSchema } from "./type.ts";

const columns = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(tableLimits.columnsMax).optional();

/**
 * A change of a table: all of it happens or nothing. Columns are named as they are called before the change in `dropColumns`, `renameColumns`
 * and `widenColumns`, which come in this order, then `addColumns`; and as they are called after it in `sortBy` and `partitionBy`.
 */
export const updateTableRequestSchema = z
  .strictObject({
    /** Refuse the change when the table's version is another one. */
    ifVersion: z.int().min(1).optional(),
    dropColumns: columns(columnNameSchema),
    renameColumns: columns(z.strictObject({ from: columnNameSchema, to: columnNameSchema })),
    /** int32 to int64 or float64, or a decimal with more digits in front of the point. */
    widenColumns: columns(z.strictObject({ name: columnNameSchema, type: typeSchema })),
    addColumns: columns(newColumnSchema),
    schemaMode: z.enum(schemaModes).optional(),
    /** Null: rows stay. */
    retentionDays: retentionDaysSchema.nullable().optional(),
    sortBy: sortBySchema.optional(),
    partitionBy: partitionBySchema.optional(),
  })
  .meta({ id: "UpdateTableRequest" });

export type UpdateTableRequest = z.input<typeof updateTableRequestSchema>;
