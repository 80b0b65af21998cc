import { z } from "zod";

import { jobTypeSchema } from "../ids.ts";
import { limits, timeSchema } from "../jobs/job.ts";
import { type Json, jsonSchema } from "../json.ts";
import { queryInteger } from "../query-integer.ts";

/** A JSON Schema as JSON. */
export type JsonObject = Readonly<Record<string, Json>>;

/** Bounds of a payload schema, and of what is told of a payload that doesn't fit one. */
export const payloadSchemaLimits = {
  bytesMax: 64 * 1024,
  /** Itself and the objects in it that are schemas themselves. */
  subschemasMax: 1_000,
  patternsMax: 100,
  patternCharactersMax: 1_000,
  /** Problems that one refusal names. */
  errorsMax: 50,
  versionMax: 2_147_483_647,
} as const;

/** A JSON object, kept as it is. */
const jsonObjectSchema = jsonSchema.refine(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "a JSON Schema, as an object",
) as unknown as z.ZodType<JsonObject>;

/** A new schema for the payloads of a job type: JSON Schema, draft 2020-12 unless `$schema` names draft-07. */
export const putPayloadSchemaRequestSchema = z
  .strictObject({ schema: jsonObjectSchema })
  .meta({ id: "PutPayloadSchemaRequest" });

export type PutPayloadSchemaRequest = z.input<typeof putPayloadSchemaRequestSchema>;

/** Which version is in force, and whether this request has made it. */
export const putPayloadSchemaResponseSchema = z
  .object({ type: z.string(), version: z.int(), created: z.boolean() })
  .meta({ id: "PutPayloadSchemaResponse" });

export type PutPayloadSchemaResponse = z.infer<typeof putPayloadSchemaResponseSchema>;

const listedFields = { type: jobTypeSchema, version: z.int(), createdAt: timeSchema };

export const payloadSchemaSchema = z
  .object({ ...listedFields, schema: jsonObjectSchema })
  .meta({ id: "PayloadSchema" });

export type PayloadSchemaJson = z.infer<typeof payloadSchemaSchema>;

export const payloadSchemaListSchema = z
  .object({ items: z.array(z.object(listedFields)), nextCursor: z.string().nullable() })
  .meta({ id: "PayloadSchemaList" });

export type PayloadSchemaListJson = z.infer<typeof payloadSchemaListSchema>;

/** Which version to get, as a query parameter; the one in force without. */
export const getPayloadSchemaQuerySchema = z.strictObject({
  version: queryInteger(1, payloadSchemaLimits.versionMax).optional(),
});

export type GetPayloadSchemaQuery = z.input<typeof getPayloadSchemaQuerySchema>;

export const listPayloadSchemasQuerySchema = z.strictObject({
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListPayloadSchemasQuery = z.input<typeof listPayloadSchemasQuerySchema>;
