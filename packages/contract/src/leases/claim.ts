import { z } from "zod";

import { jobTypeSchema, queueNameSchema } from "../ids.ts";
import { jobSchema, limits, timeSchema } from "../jobs/job.ts";
import { leaseMsSchema, leaseTokenSchema } from "./lease.ts";
import { leaseLimits } from "./limits.ts";

/** What a worker asks for: the best jobs of these queues, to hold for `leaseMs`; with `waitMs` it waits for the first ones to come. */
export const claimRequestSchema = z
  .strictObject({
    queues: z.array(queueNameSchema).min(1).max(leaseLimits.queuesMax),
    types: z.array(jobTypeSchema).min(1).max(leaseLimits.typesMax).optional(),
    limit: z.int().min(1).max(leaseLimits.itemsMax).default(1),
    leaseMs: leaseMsSchema,
    waitMs: z.int().min(0).max(limits.waitMsMax).default(0),
    /** Shown as the job's `lockedBy`, and in the error of a lease that ran out. */
    worker: z
      .string()
      .min(1)
      .max(leaseLimits.workerCharactersMax)
      .refine((text) => !text.includes("\0") && text.isWellFormed(), "no NUL and no lone surrogates"),
  })
  .meta({ id: "ClaimRequest" });

export type ClaimRequest = z.input<typeof claimRequestSchema>;

/** A job together with the proof that it is the caller's until `leaseExpiresAt`. */
export const leasedJobSchema = z
  .object({ job: jobSchema, leaseToken: leaseTokenSchema, leaseExpiresAt: timeSchema })
  .meta({ id: "LeasedJob" });

export type LeasedJobJson = z.infer<typeof leasedJobSchema>;

/** `serverTime` is the clock by which leases end: the database's. */
export const claimResponseSchema = z
  .object({ items: z.array(leasedJobSchema), serverTime: timeSchema })
  .meta({ id: "ClaimResponse" });

export type ClaimResponse = z.infer<typeof claimResponseSchema>;
