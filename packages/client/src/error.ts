import type { ErrorCode, FieldError, Problem } from "@millrace/contract";

/** Why a call failed: the API's own answer, or that there was none. */
export class MillraceApiError extends Error {
  override readonly name = "MillraceApiError";
  /** The API's stable code; `NO_ANSWER` when the API could not be reached or did not answer in time. */
  readonly code: ErrorCode | "NO_ANSWER";
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly retryable: boolean;
  readonly traceId: string | undefined;
  readonly errors: readonly FieldError[];
  /** The whole problem document, if the API sent one. */
  readonly problem: Problem | undefined;

  constructor(message: string, details: ApiErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.retryable = details.retryable;
    this.problem = details.problem;
    this.traceId = details.problem?.traceId;
    this.errors = details.problem?.errors ?? [];
  }
}

interface ApiErrorDetails {
  readonly code: ErrorCode | "NO_ANSWER";
  readonly status: number;
  readonly retryable: boolean;
  readonly problem?: Problem | undefined;
  readonly cause?: unknown;
}
