import { z } from "zod";

import { queryInteger } from "../query-integer.ts";
import { limits, timeSchema } from "./job.ts";

/** How an attempt ended; `running` is the one that hasn't. */
export const attemptOutcomes = [
  "running",
  "completed",
  "failed",
  "leaseExpired",
  "snoozed",
  "released",
  "cancelled",
] as const;

export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** One attempt at a job. A snoozed or released one is given back, so the next has its number again. */
export const attemptSchema = z
  .object({
    attempt: z.int(),
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    worker: z.string().nullable(),
    outcome: z.enum(attemptOutcomes),
    error: z.object({ message: z.string(), stack: z.string().optional() }).optional(),
  })
  .meta({ id: "Attempt" });

export type AttemptJson = z.infer<typeof attemptSchema>;

/** A page of a job's attempts, as query parameters. */
export const listAttemptsQuerySchema = z.strictObject({
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListAttemptsQuery = z.input<typeof listAttemptsQuerySchema>;

export const attemptListSchema = z
  .object({ items: z.array(attemptSchema), nextCursor: z.string().nullable() })
  .meta({ id: "AttemptList" });
