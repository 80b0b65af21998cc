import { z } from "zod";

import { jobTypeSchema, queueNameSchema } from "../ids.ts";
import { limits, tagSchema, timeSchema } from "./job.ts";
import { jobStatuses, type JobStatus } from "./state.ts";

export const bulkActions = ["cancel", "retry", "delete"] as const;

export type BulkAction = (typeof bulkActions)[number];

/** The statuses that an action can be asked for, and those that it takes where the filter names none. */
export const bulkStatuses = {
  cancel: { possible: ["pending", "running"], byDefault: ["pending", "running"] },
  retry: { possible: ["completed", "dead", "cancelled"], byDefault: ["dead"] },
  delete: {
    possible: ["pending", "completed", "dead", "cancelled"],
    byDefault: ["pending", "completed", "dead", "cancelled"],
  },
} as const satisfies Readonly<
  Record<BulkAction, { readonly possible: readonly JobStatus[]; readonly byDefault: readonly JobStatus[] }>
>;

const restrictions = {
  status: z.enum(jobStatuses).optional(),
  queue: queueNameSchema.optional(),
  type: jobTypeSchema.optional(),
  tag: tagSchema.optional(),
  createdAfter: timeSchema.optional(),
  createdBefore: timeSchema.optional(),
};

/** Which jobs: those that fit all that is named; every one with `all`, which has to be said. */
export const bulkFilterSchema = z
  .strictObject({ ...restrictions, all: z.literal(true).optional() })
  .refine((filter) => Object.keys(filter).length > 0, "name at least one restriction, or say all: true")
  .refine((filter) => filter.all === undefined || Object.keys(filter).length === 1, {
    path: ["all"],
    message: "stands alone",
  })
  .meta({ id: "BulkFilter" });

/** An action on the jobs of a filter, newest first, at most `limit` of them; `cursor` goes on where an answer ended. */
export const bulkRequestSchema = z
  .strictObject({
    action: z.enum(bulkActions),
    filter: bulkFilterSchema,
    limit: z.int().min(1).max(limits.batchJobsMax).default(1_000),
    dryRun: z.boolean().default(false),
    cursor: z.string().min(1).max(500).optional(),
  })
  .refine(
    ({ action, filter: { status } }) =>
      status === undefined || (bulkStatuses[action].possible as readonly JobStatus[]).includes(status),
    { path: ["filter", "status"], message: "no job of this status can have this action" },
  )
  .meta({ id: "BulkRequest" });

export type BulkRequest = z.input<typeof bulkRequestSchema>;

/** `matched` jobs fitted; `changed` of them were changed; `skipped` had left the state in which they could be. With `dryRun` none is changed. */
export const bulkResponseSchema = z
  .object({
    matched: z.int(),
    changed: z.int(),
    skipped: z.int(),
    dryRun: z.boolean(),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: "BulkResponse" });

export type BulkResponse = z.infer<typeof bulkResponseSchema>;
