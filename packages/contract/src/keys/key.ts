import { z } from "zod";

import { queueNameSchema, uuidSchema } from "../ids.ts";
import { limits, timeSchema } from "../jobs/job.ts";
import { queryInteger } from "../query-integer.ts";
import { scopeSchema } from "../scopes.ts";
import { tableRefSchema } from "../tables/table.ts";

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => !text.includes("\0") && text.isWellFormed(), "no NUL and no lone surrogates");

/** What a new API key may do. It can never do more than the key that makes it. */
export const createKeyRequestSchema = z
  .strictObject({
    name,
    scopes: z.array(scopeSchema).min(1).max(20),
    /** The queues the key is bound to; all of them without it. */
    queues: z.array(queueNameSchema).min(1).max(100).optional(),
    /** The event tables the key is bound to; all of them without it. */
    tables: z.array(tableRefSchema).min(1).max(100).optional(),
    expiresAt: timeSchema.optional(),
  })
  .meta({ id: "CreateKeyRequest" });

export type CreateKeyRequest = z.input<typeof createKeyRequestSchema>;

export const rotateKeyRequestSchema = z
  .strictObject({
    /** How long the old secret goes on working beside the new one. */
    overlapMs: z
      .int()
      .min(0)
      .max(30 * 24 * 3_600_000)
      .default(0),
  })
  .meta({ id: "RotateKeyRequest" });

export type RotateKeyRequest = z.input<typeof rotateKeyRequestSchema>;

/** A page of the tenant's keys, as query parameters. */
export const listKeysQuerySchema = z.strictObject({
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListKeysQuery = z.input<typeof listKeysQuerySchema>;

/** An API key without its secret. `start` are the first characters, to tell keys apart. */
export const keySchema = z
  .object({
    id: uuidSchema,
    name: z.string(),
    start: z.string(),
    scopes: z.array(scopeSchema),
    queues: z.array(z.string()).nullable(),
    tables: z.array(z.string()).nullable(),
    createdAt: timeSchema,
    createdBy: uuidSchema.nullable(),
    expiresAt: timeSchema.nullable(),
    revokedAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    /** The key that took over by rotation. */
    successorId: uuidSchema.nullable(),
  })
  .meta({ id: "Key" });

export type KeyJson = z.infer<typeof keySchema>;

/** A new key with its secret, shown this once. */
export const keyWithSecretSchema = keySchema.extend({ key: z.string() }).meta({ id: "KeyWithSecret" });
export const keyListSchema = z
  .object({ items: z.array(keySchema), nextCursor: z.string().nullable() })
  .meta({ id: "KeyList" });
