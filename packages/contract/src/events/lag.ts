import { z } from "zod";

import { timeSchema } from "../jobs/job.ts";

const tableLagSchema = z
  .object({
    table: z.string(),
    pendingEvents: z.int().nullable().meta({
      description:
        "Of the tenant's oldest 100,000 pending events. Always null with `ingest.bus: nats`, whose streams can't be counted by table; the tenant's own figures are there all the same.",
    }),
    oldestPendingAgeMs: z
      .int()
      .nullable()
      .meta({ description: "Null when no event of the table waits, and always with `ingest.bus: nats`." }),
    watermark: z.int(),
    publishedAt: timeSchema.nullable(),
  })
  .meta({ id: "TableLag" });

/** How far the tenant's events are on their way into its tables. All of them share one log, and every publication is of all of them. */
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
    tables: z.array(tableLagSchema),
  })
  .meta({ id: "Lag" });

export type LagJson = z.infer<typeof lagSchema>;
