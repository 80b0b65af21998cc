import { z } from "zod";

import { uuidSchema } from "../ids.ts";
import { limits, timeSchema } from "../jobs/job.ts";
import { queryInteger } from "../query-integer.ts";
import { eventOps } from "../tables/column.ts";

const listedFields = {
  id: uuidSchema,
  table: z.string().nullable().meta({ description: "Null once the table is dropped." }),
  op: z.enum(eventOps),
  key: z.string().meta({ description: "Its idempotency key." }),
  offset: z.int(),
  version: z.int().meta({ description: "The version of the table's columns that it was accepted under." }),
  eventTime: timeSchema.nullable(),
  ingestedAt: timeSchema,
  code: z.string(),
  path: z.string(),
  message: z.string(),
  createdAt: timeSchema,
  replayedAt: timeSchema.nullable(),
};

/** An accepted event that could not be written into its table. */
export const deadLetterSchema = z
  .object({ ...listedFields, payload: z.looseObject({}).meta({ description: "As it was accepted, digit for digit." }) })
  .meta({ id: "DeadLetter" });

export type DeadLetterJson = z.infer<typeof deadLetterSchema>;

export const deadLetterListSchema = z
  .object({ items: z.array(z.object(listedFields)), nextCursor: z.string().nullable() })
  .meta({ id: "DeadLetterList" });

export type DeadLetterListJson = z.infer<typeof deadLetterListSchema>;

export const listDeadLettersQuerySchema = z.strictObject({
  table: z.string().min(1).max(128).optional(),
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListDeadLettersQuery = z.input<typeof listDeadLettersQuerySchema>;

/** What is sent in again; the payload as it was, unless a corrected one is given. */
export const replayDeadLetterRequestSchema = z
  .strictObject({ payload: z.looseObject({}).optional() })
  .meta({ id: "ReplayDeadLetterRequest" });

export type ReplayDeadLetterRequest = z.input<typeof replayDeadLetterRequestSchema>;
