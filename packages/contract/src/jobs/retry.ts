import { z } from "zod";

const delayMs = z
  .int()
  .min(0)
  .max(7 * 24 * 3_600_000);

/**
 * How long to wait before the next attempt. `exponential` uses full jitter: a uniform draw from
 * [0, min(capMs, baseMs · factor^(attempt−1))] (M. Brooker, "Exponential Backoff And Jitter", 2015).
 */
export const retryPolicySchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("exponential"),
      baseMs: delayMs.default(1_000),
      factor: z.number().min(1).max(10).default(2),
      capMs: delayMs.default(3_600_000),
    }),
    z.strictObject({
      kind: z.literal("linear"),
      baseMs: delayMs.default(1_000),
      capMs: delayMs.default(3_600_000),
    }),
    z.strictObject({ kind: z.literal("fixed"), delayMs }),
    z.strictObject({ kind: z.literal("delays"), delaysMs: z.array(delayMs).min(1).max(100) }),
  ])
  .meta({ id: "RetryPolicy" });

export type RetryPolicy = z.infer<typeof retryPolicySchema>;
