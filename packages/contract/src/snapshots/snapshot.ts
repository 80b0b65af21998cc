import { z } from "zod";

import { timeSchema } from "../jobs/job.ts";
import { queryInteger } from "../query-integer.ts";

/** What made a snapshot. */
export const snapshotKinds = ["publish", "history", "compaction", "retention", "drop", "restore"] as const;

export const snapshotSchema = z
  .object({
    snapshotId: z.int().meta({ description: "Dense, in the order in which they became visible." }),
    snapshotTime: timeSchema,
    watermark: z.int().meta({ description: "Every event up to this offset is in it." }),
    kind: z.enum(snapshotKinds),
    expired: z.boolean().meta({ description: "Can't be queried any more." }),
    pinned: z.boolean().meta({ description: "Kept until it is unpinned, or its pin expires." }),
  })
  .meta({ id: "Snapshot" });

export type SnapshotJson = z.infer<typeof snapshotSchema>;

export const listSnapshotsQuerySchema = z.strictObject({
  cursor: z.string().max(500).optional(),
  limit: queryInteger(1, 500).default(50),
});

export type ListSnapshotsQuery = z.input<typeof listSnapshotsQuerySchema>;

export const snapshotListSchema = z
  .object({ items: z.array(snapshotSchema), nextCursor: z.string().nullable() })
  .meta({ id: "SnapshotList" });

export const pinSnapshotRequestSchema = z
  .strictObject({
    reason: z.string().min(1).max(500).meta({ description: "Why, for whoever wonders about its files later." }),
    expiresAt: timeSchema.optional().meta({ description: "When the pin ends; without it, when it is unpinned." }),
  })
  .meta({ id: "PinSnapshotRequest" });

export type PinSnapshotRequest = z.input<typeof pinSnapshotRequestSchema>;
