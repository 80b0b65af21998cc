/** Thrown by a handler when no further attempt can help: the job is dead at once. */
export class NonRetryableError extends Error {
  override readonly name = "NonRetryableError";
}

/** Thrown by a handler that knows when to try again: overrides the retry policy, counts as a failed attempt. */
export class RetryAfterError extends Error {
  override readonly name = "RetryAfterError";
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = `Try again in ${retryAfterMs} ms`, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Why a handler's signal fired: its time was up, the job was cancelled, another worker may have the job by now, or the worker stops.
 * After `cancelled` and `leaseLost` nothing that the handler returns counts any more.
 */
export type AbortCause = "timeout" | "cancelled" | "leaseLost" | "shutdown";

const sentences: Readonly<Record<AbortCause, string>> = {
  timeout: "The attempt took longer than its timeout",
  cancelled: "The job was cancelled",
  leaseLost: "The lease on the job was lost",
  shutdown: "The worker is stopping",
};

/** The reason of a handler's aborted signal. */
export class JobAbortedError extends Error {
  override readonly name = "JobAbortedError";
  readonly why: AbortCause;

  constructor(why: AbortCause) {
    super(sentences[why]);
    this.why = why;
  }
}

/** True for a NonRetryableError, also when it comes from another copy of the package. */
export function isNonRetryable(error: unknown): error is NonRetryableError {
  return error instanceof Error && error.name === "NonRetryableError";
}

/** True for a RetryAfterError, also when it comes from another copy of the package. */
export function isRetryAfter(error: unknown): error is RetryAfterError {
  return error instanceof Error && error.name === "RetryAfterError" && "retryAfterMs" in error;
}
