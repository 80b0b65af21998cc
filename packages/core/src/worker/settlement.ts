/** How an attempt is to end, as its owner wants it written. */
export type Settlement =
  | { readonly kind: "complete"; readonly result: string | null }
  | {
      readonly kind: "fail";
      readonly message: string;
      readonly stack?: string | undefined;
      readonly retryable: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly kind: "snooze"; readonly delayMs: number }
  | { readonly kind: "release" };

/**
 * What became of it: `lost` was fenced off (another owner has the job, or had it), `unsaved` could not be written before the lease ended,
 * so the job will run again.
 */
export type Settled = "completed" | "retried" | "dead" | "snoozed" | "released" | "cancelled" | "lost" | "unsaved";
