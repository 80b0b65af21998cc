import { z } from "zod";

import { timeSchema } from "../jobs/job.ts";

/** Bounds of a query request that no configuration widens. */
export const queryLimits = {
  sqlCharactersMax: 100_000,
  paramsMax: 1_000,
  timeoutMsMax: 600_000,
} as const;

/** A value for a placeholder of a statement: text, a number, a boolean, null, or a list of such. */
export type QueryParamJson = ScalarParam | readonly ScalarParam[];

type ScalarParam = string | number | boolean | null;

const scalarParamSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const paramSchema = z.union([scalarParamSchema, z.array(scalarParamSchema).max(10_000)]);

export const queryRequestSchema = z
  .strictObject({
    sql: z
      .string()
      .min(1)
      .max(queryLimits.sqlCharactersMax)
      .meta({ description: "One SELECT in the dialect of DuckDB." }),
    params: z
      .union([
        z.array(paramSchema).max(queryLimits.paramsMax),
        z
          .record(z.string().regex(/^[A-Za-z_]\w{0,62}$/), paramSchema)
          .refine((params) => Object.keys(params).length <= queryLimits.paramsMax, {
            message: `At most ${queryLimits.paramsMax} parameters`,
          }),
      ])
      .optional()
      .meta({ description: "Values for `$1`, `$2`, … as a list, or for `$name` as an object." }),
    snapshotId: z.int().min(0).optional().meta({ description: "Query this snapshot instead of the newest." }),
    snapshotTime: timeSchema.optional().meta({ description: "Query the snapshot that was the newest at this time." }),
    minVisibilityToken: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "Wait for a snapshot that holds what an ingest of this token accepted, and query that." }),
    consistencyTimeoutMs: z
      .int()
      .min(0)
      .max(queryLimits.timeoutMsMax)
      .optional()
      .meta({ description: "How long to wait for the token; default `query.consistencyTimeoutMs`." }),
    timeoutMs: z
      .int()
      .min(1)
      .max(queryLimits.timeoutMsMax)
      .optional()
      .meta({ description: "Deadline of the query itself; default `query.timeoutMs`." }),
    rowLimit: z
      .int()
      .min(1)
      .optional()
      .meta({ description: "Rows of the answer at most; default and bound `query.rowsMax`." }),
  })
  .refine(
    ({ snapshotId, snapshotTime, minVisibilityToken }) =>
      [snapshotId, snapshotTime, minVisibilityToken].filter((one) => one !== undefined).length <= 1,
    { message: "Give one of snapshotId, snapshotTime and minVisibilityToken", path: ["snapshotId"] },
  )
  .meta({ id: "QueryRequest" });

export type QueryRequest = z.input<typeof queryRequestSchema>;

export const resultColumnSchema = z
  .object({
    name: z.string(),
    type: z.string().meta({ description: "As in a table's column, or DuckDB's own name in lower case." }),
  })
  .meta({ id: "ResultColumn" });

/** The answer as JSON. */
export const queryResponseSchema = z
  .object({
    columns: z.array(resultColumnSchema),
    rows: z.array(z.array(z.unknown())).meta({
      description:
        "Values in the order of the columns. Whole numbers beyond 2^53 and decimals are strings, times RFC 3339 in UTC.",
    }),
    snapshotId: z.int(),
    snapshotTime: timeSchema,
    watermark: z.int().meta({ description: "Every event up to this offset is in the snapshot." }),
    truncated: z.boolean().meta({ description: "There were more rows than `rowLimit`." }),
    stats: z.object({
      rowCount: z.int(),
      bytes: z.int(),
      files: z.int().meta({ description: "Files that the query could read." }),
      elapsedMs: z.number(),
      cpuMs: z.number(),
    }),
  })
  .meta({ id: "QueryResponse" });

export type QueryResponse = z.infer<typeof queryResponseSchema>;

/** The media types that a result comes in, by the format's name. */
export const resultMediaTypes = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
  parquet: "application/vnd.apache.parquet",
} as const;

export type ResultFormatName = keyof typeof resultMediaTypes;
