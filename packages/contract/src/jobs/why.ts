import { z } from "zod";

import { timeSchema } from "./job.ts";
import { jobStatuses } from "./state.ts";

const reason = <Code extends string, Shape extends z.ZodRawShape>(code: Code, shape: Shape) =>
  z.object({ code: z.literal(code), detail: z.string(), ...shape });

/** Why a job is where it is; `detail` says it in a sentence. */
export const whyReasonSchema = z
  .discriminatedUnion("code", [
    reason("NOT_DUE", { scheduledAt: timeSchema }),
    reason("PAUSED", { pausedAt: timeSchema }),
    reason("QUEUE_LIMIT", { running: z.int(), limit: z.int() }),
    reason("RATE_LIMITED", { nextTokenInMs: z.number() }),
    /** `ahead` stops at 10,000. */
    reason("KEY_SATURATED", { key: z.string(), limit: z.int(), ahead: z.int() }),
    /** The first 100; `status` is null for a job that is gone. */
    reason("WAITING_FOR", { jobs: z.array(z.object({ id: z.uuid(), status: z.enum(jobStatuses).nullable() })) }),
    reason("NO_WORKER", { queue: z.string(), type: z.string() }),
    /** `ahead` stops at 10,000. */
    reason("BEHIND", { ahead: z.int() }),
    reason("RUNNING", {
      worker: z.string().nullable(),
      startedAt: timeSchema.nullable(),
      leaseExpiresAt: timeSchema.nullable(),
    }),
    reason("FINISHED", { completedAt: timeSchema.nullable() }),
  ])
  .meta({ id: "WhyReason" });

export type WhyReason = z.infer<typeof whyReasonSchema>;

/** A job's state, and every reason for it that holds at this moment. */
export const whySchema = z
  .object({ state: z.enum(jobStatuses), reasons: z.array(whyReasonSchema) })
  .meta({ id: "Why" });

export type Why = z.infer<typeof whySchema>;
