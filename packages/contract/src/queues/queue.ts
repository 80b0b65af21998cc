import { z } from "zod";

import { limits, timeSchema } from "../jobs/job.ts";
import { jobStatuses } from "../jobs/state.ts";
import { queryInteger } from "../query-integer.ts";

/** A queue and its jobs by status. A count named in `capped` stopped at its bound: there are at least that many. */
export const queueSchema = z
  .object({
    name: z.string(),
    counts: z.object({
      pending: z.int(),
      running: z.int(),
      completed: z.int(),
      dead: z.int(),
      cancelled: z.int(),
    }),
    /** Of the pending ones: how many are not due yet. */
    scheduled: z.int(),
    capped: z.array(z.enum(jobStatuses)),
    /** Since when no job of the queue starts. */
    pausedAt: timeSchema.nullable(),
    oldestPendingAgeMs: z.number().nullable(),
  })
  .meta({ id: "Queue" });

export type Queue = z.infer<typeof queueSchema>;

/** A page of the tenant's queues, as query parameters. */
export const listQueuesQuerySchema = z.strictObject({
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListQueuesQuery = z.input<typeof listQueuesQuerySchema>;

export const queueListSchema = z
  .object({ items: z.array(queueSchema), nextCursor: z.string().nullable() })
  .meta({ id: "QueueList" });
