import { z } from "zod";

import { timeSchema } from "../jobs/job.ts";

/** How far the tenant's events are on their way into its tables. All tables of a tenant share one log, so the numbers are of all of them. */
export const lagSchema = z
  .object({
    head: z.int().meta({ description: "The offset of the newest event." }),
    watermark: z.int().meta({ description: "Every event up to this offset can be queried." }),
    pendingEvents: z.int(),
    pendingBytes: z.int(),
    oldestPendingAgeMs: z
      .int()
      .nullable()
      .meta({ description: "How long the oldest event waits; null when none does." }),
    publishedAt: timeSchema.nullable().meta({ description: "When the newest snapshot was published." }),
  })
  .meta({ id: "Lag" });

export type LagJson = z.infer<typeof lagSchema>;
