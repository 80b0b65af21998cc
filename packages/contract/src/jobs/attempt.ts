import { z } from "zod";

import { timeSchema } from "./job.ts";

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

export const attemptListSchema = z.object({ items: z.array(attemptSchema) }).meta({ id: "AttemptList" });
