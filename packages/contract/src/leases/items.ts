import { z } from "zod";

import { newLogLineSchema } from "../jobs/events.ts";
import { limits } from "../jobs/job.ts";
import type { Json } from "../json.ts";
import { leaseMsSchema, leaseTokenSchema } from "./lease.ts";
import { leaseLimits } from "./limits.ts";

/**
 * Any JSON value. Its size and its text are looked at item by item, later: a value that can't be stored is that item's problem and spoils
 * nothing for the others.
 */
const valueSchema = z.unknown().refine((value) => value !== undefined, "A JSON value.") as unknown as z.ZodType<Json>;

const delayMsSchema = z.int().min(0).max(limits.delayMsMax);

const itemsOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.strictObject({ leaseToken: leaseTokenSchema, ...shape }))
    .min(1)
    .max(leaseLimits.itemsMax);

export const heartbeatRequestSchema = z
  .strictObject({ leaseMs: leaseMsSchema, items: itemsOf({}) })
  .meta({ id: "HeartbeatRequest" });

export const completeRequestSchema = z
  .strictObject({ items: itemsOf({ result: valueSchema.optional() }) })
  .meta({ id: "CompleteRequest" });

/** `message` and `stack` are cut where they are too long. Without `retryable: false` the job's own policy decides what comes next. */
export const failRequestSchema = z
  .strictObject({
    items: itemsOf({
      message: z.string(),
      stack: z.string().optional(),
      retryable: z.boolean().default(true),
      retryAfterMs: delayMsSchema.optional(),
    }),
  })
  .meta({ id: "FailRequest" });

export const snoozeRequestSchema = z
  .strictObject({ items: itemsOf({ delayMs: delayMsSchema }) })
  .meta({ id: "SnoozeRequest" });

export const releaseRequestSchema = z.strictObject({ items: itemsOf({}) }).meta({ id: "ReleaseRequest" });

export const progressRequestSchema = z
  .strictObject({
    items: z
      .array(
        z
          .strictObject({
            leaseToken: leaseTokenSchema,
            progress: valueSchema.optional(),
            logs: z.array(newLogLineSchema).min(1).max(limits.logLinesMax).optional(),
          })
          .refine((item) => item.progress !== undefined || item.logs !== undefined, "give progress, logs or both"),
      )
      .min(1)
      .max(leaseLimits.itemsMax),
  })
  .meta({ id: "ProgressRequest" });

export type HeartbeatRequest = z.input<typeof heartbeatRequestSchema>;
export type CompleteRequest = z.input<typeof completeRequestSchema>;
export type FailRequest = z.input<typeof failRequestSchema>;
export type SnoozeRequest = z.input<typeof snoozeRequestSchema>;
export type ReleaseRequest = z.input<typeof releaseRequestSchema>;
export type ProgressRequest = z.input<typeof progressRequestSchema>;
