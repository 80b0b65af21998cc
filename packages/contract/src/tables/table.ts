import { z } from "zod";

import { limits, timeSchema } from "../jobs/job.ts";
import { jsonSchema } from "../json.ts";
import { queryInteger } from "../query-integer.ts";
import { schemaModes } from "./column.ts";
import { tableLimits } from "./limits.ts";
import { columnNameSchema, typeSchema } from "./type.ts";

const reserved = /^(?:system|information_schema|main|temp)$|^(?:duckdb|pg|pragma|sqlite)_/;

/** How tables are called. Names that SQL gives to schemas and tables of its own are not for taking. */
export const tableNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, "table: up to 63 lower-case letters, digits and _, starting with a letter")
  .refine((name) => !reserved.test(name), "This name is reserved.");

/** A table as keys are bound to it: one of the tenant's own or of the system's. */
export const tableRefSchema = z
  .string()
  .regex(/^(?:system\.)?[a-z][a-z0-9_]{0,62}$/, "table: lower-case letters, digits and _, starting with a letter");

/** A column to make. */
export const newColumnSchema = z
  .strictObject({
    name: columnNameSchema,
    type: typeSchema,
    /** Whether records may leave it out or give null; default true, and always false in a primary key. */
    nullable: z.boolean().optional(),
    /** The value where a record does not name the column. A number that JSON readers would change is given as text. */
    default: jsonSchema.optional(),
  })
  .meta({ id: "NewColumn" });

export type NewColumn = z.input<typeof newColumnSchema>;

export const partitionTransforms = ["identity", "day", "month"] as const;

export const partitionSchema = z
  .strictObject({
    column: columnNameSchema,
    /** Rows are divided by the value itself, or by its day or month. */
    transform: z.enum(partitionTransforms).default("identity"),
  })
  .meta({ id: "Partition" });

export const retentionDaysSchema = z.int().min(1).max(tableLimits.retentionDaysMax);
export const sortBySchema = z.array(columnNameSchema).max(tableLimits.sortColumnsMax);
export const partitionBySchema = z.array(partitionSchema).max(tableLimits.partitionColumnsMax);

/** A table to make. */
export const createTableRequestSchema = z
  .strictObject({
    name: tableNameSchema,
    columns: z.array(newColumnSchema).min(1).max(tableLimits.columnsMax),
    /** With it records can be upserted and deleted, and the newest record of a key wins. */
    primaryKey: z.array(columnNameSchema).max(tableLimits.primaryKeyColumnsMax).default([]),
    /** The order of rows in files. */
    sortBy: sortBySchema.default([]),
    /** How rows are divided over files. */
    partitionBy: partitionBySchema.default([]),
    /** Rows that were ingested longer ago are removed; without it they stay. */
    retentionDays: retentionDaysSchema.optional(),
    schemaMode: z.enum(schemaModes).default("strict"),
  })
  .meta({ id: "CreateTableRequest" });

export type CreateTableRequest = z.input<typeof createTableRequestSchema>;

/** A column of a table. */
export const columnSchema = z
  .object({
    /** What Parquet files know it by. It stays when the column is renamed, and is never used again when it is dropped. */
    fieldId: z.int(),
    name: z.string(),
    type: typeSchema,
    nullable: z.boolean(),
    default: jsonSchema.optional(),
  })
  .meta({ id: "Column" });

export type ColumnJson = z.infer<typeof columnSchema>;

/** A table as JSON. */
export const tableSchema = z
  .object({
    name: z.string(),
    /** The version of its columns, from 1. */
    version: z.int(),
    columns: z.array(columnSchema),
    primaryKey: z.array(z.string()),
    sortBy: z.array(z.string()),
    partitionBy: z.array(partitionSchema),
    retentionDays: z.int().nullable(),
    schemaMode: z.enum(schemaModes),
    /** Written by Millrace itself: it can be read, not changed. */
    system: z.boolean(),
    /** For how many days a record's idempotency key is remembered, at the least. */
    idempotencyWindowDays: z.int(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: "Table" });

export type TableJson = z.infer<typeof tableSchema>;

/** A table with the columns of one of its versions, of which `latestVersion` is in force. */
export const tableVersionSchema = tableSchema.extend({ latestVersion: z.int() }).meta({ id: "TableVersion" });

export type TableVersionJson = z.infer<typeof tableVersionSchema>;

export const tableListSchema = z
  .object({ items: z.array(tableSchema), nextCursor: z.string().nullable() })
  .meta({ id: "TableList" });

export const getTableQuerySchema = z.strictObject({
  /** Show the columns of this version; default the one in force. */
  version: queryInteger(1, 2_147_483_647).optional(),
});

export type GetTableQuery = z.input<typeof getTableQuerySchema>;

/** A page of the tenant's tables, as query parameters. */
export const listTablesQuerySchema = z.strictObject({
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListTablesQuery = z.input<typeof listTablesQuerySchema>;
