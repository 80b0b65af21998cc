import { z } from "zod";

import { queueSchema } from "./queue.ts";

const dayMs = 86_400_000;

/** Bounds and defaults of queue settings. */
export const queueLimits = {
  concurrencyMax: 1_000_000,
  concurrencyPerKeyMax: 100_000,
  concurrencyPerKeyDefault: 1,
  rateMax: 1_000_000,
  ratePeriodMsMax: dayMs,
  /** An enqueue in SQL counts that far in its own transaction. */
  depthMax: 100_000,
  retentionMsMin: 3_600_000,
  retentionMsMax: 400 * dayMs,
} as const;

const rateLimitFields = {
  /** Jobs that may start in each period, evenly spread over it. */
  limit: z.int().min(1).max(queueLimits.rateMax),
  periodMs: z.int().min(1).max(queueLimits.ratePeriodMsMax),
};
const burst = z.int().min(1).max(queueLimits.rateMax);
const keptMs = z.int().min(queueLimits.retentionMsMin).max(queueLimits.retentionMsMax);
const retentionFields = { completedMs: keptMs, deadMs: keptMs, cancelledMs: keptMs };

/** Settings of a queue as they are sent; whatever is absent is unlimited or has its default. */
export const queueSettingsRequestSchema = z
  .strictObject({
    /** Jobs of the queue that run at the same time, over all workers. */
    concurrency: z.int().min(1).max(queueLimits.concurrencyMax).optional(),
    /** The same for the jobs of each concurrency key; default 1. */
    concurrencyPerKey: z.int().min(1).max(queueLimits.concurrencyPerKeyMax).optional(),
    /** A token bucket: `burst` (default `limit`) jobs may start at once, then `limit` each period. */
    rateLimit: z.strictObject({ ...rateLimitFields, burst: burst.optional() }).optional(),
    /** Pending jobs from which on new ones are refused. */
    maxDepth: z.int().min(1).max(queueLimits.depthMax).optional(),
    /** How long finished jobs are kept, by how they ended; default 7, 30 and 7 days. They go at the end of the day, above 8 days the week, above 60 the month. */
    retention: z.strictObject(retentionFields).partial().optional(),
  })
  .meta({ id: "QueueSettingsRequest" });

export type QueueSettingsRequest = z.input<typeof queueSettingsRequestSchema>;

/** Settings of a queue as they hold; null is no limit. */
export const queueSettingsSchema = z
  .object({
    concurrency: z.int().nullable(),
    concurrencyPerKey: z.int(),
    rateLimit: z.object({ ...rateLimitFields, burst }).nullable(),
    maxDepth: z.int().nullable(),
    retention: z.object(retentionFields),
  })
  .meta({ id: "QueueSettings" });

export type QueueSettingsJson = z.infer<typeof queueSettingsSchema>;

/** A queue with its settings. */
export const queueDetailsSchema = queueSchema.extend({ settings: queueSettingsSchema }).meta({ id: "QueueDetails" });

export type QueueDetails = z.infer<typeof queueDetailsSchema>;
