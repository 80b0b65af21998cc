/** How an error code meets the outside: its HTTP status, public title and whether sending the same request again can help. */
export interface ErrorDefinition {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

/** Every code Millrace answers with. A code never changes its meaning; its status and title are part of the contract. */
export const errorCatalogue = {
  VALIDATION_FAILED: { status: 422, title: "The request does not have the expected shape", retryable: false },
  MALFORMED_REQUEST: { status: 400, title: "The request is not valid HTTP", retryable: false },
  MALFORMED_JSON: { status: 400, title: "The request could not be parsed", retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The content type or encoding is not accepted", retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The request is too large", retryable: false },
  HEADERS_TOO_LARGE: { status: 431, title: "The request headers are too large", retryable: false },
  REQUEST_TIMEOUT: { status: 408, title: "The request did not arrive in time", retryable: true },
  UNAUTHENTICATED: { status: 401, title: "A valid API key is needed", retryable: false },
  FORBIDDEN: { status: 403, title: "The API key may not do this", retryable: false },
  NOT_FOUND: { status: 404, title: "There is no such resource", retryable: false },
  NOT_ACCEPTABLE: { status: 406, title: "None of the accepted media types can be answered", retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: "The resource does not support this method", retryable: false },
  JOB_NOT_FOUND: { status: 404, title: "There is no such job", retryable: false },
  TABLE_NOT_FOUND: { status: 404, title: "There is no such table", retryable: false },
  ALREADY_EXISTS: { status: 409, title: "There is one of this name already", retryable: false },
  INVALID_STATE: { status: 409, title: "Its state does not allow this", retryable: false },
  LEASE_LOST: { status: 409, title: "The lease is no longer held", retryable: false },
  SNAPSHOT_NOT_FOUND: { status: 404, title: "There is no such snapshot", retryable: false },
  SNAPSHOT_EXPIRED: { status: 410, title: "The snapshot has expired", retryable: false },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "The idempotency key was used with a different request",
    retryable: false,
  },
  DUPLICATE_JOB: { status: 409, title: "The idempotency key has a job already", retryable: false },
  SCHEMA_MISMATCH: { status: 422, title: "The record does not fit the table", retryable: false },
  SCHEMA_INCOMPATIBLE: { status: 409, title: "The table can't be changed like this", retryable: false },
  VISIBILITY_TOKEN_INVALID: { status: 400, title: "The visibility token was never issued", retryable: false },
  CONSISTENCY_TIMEOUT: { status: 504, title: "What was waited for is not visible yet", retryable: true },
  TOKEN_SCOPE_MISMATCH: { status: 403, title: "The visibility token belongs to another tenant", retryable: false },
  QUERY_INVALID: { status: 400, title: "The query is not valid", retryable: false },
  QUERY_FORBIDDEN: { status: 403, title: "The query uses something that queries may not use", retryable: false },
  QUERY_TIMEOUT: { status: 504, title: "The query did not end in time", retryable: true },
  QUERY_TOO_LARGE: { status: 422, title: "The query needs more memory than it may have", retryable: false },
  RESULT_TOO_LARGE: { status: 413, title: "The result of the query is too large", retryable: false },
  INTEGRITY_CHECK_FAILED: {
    status: 500,
    title: "Files of the lake are not what the catalogue says",
    retryable: false,
  },
  QUEUE_FULL: { status: 429, title: "The queue is full", retryable: true },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryable: true },
  UNAVAILABLE: { status: 503, title: "The service is unavailable for the moment", retryable: true },
  INTERNAL: { status: 500, title: "Something went wrong on our side", retryable: true },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorCatalogue;

/** One problem of a request: `path` is dotted (`jobs.3.payload`), `code` is stable, `message` says what was expected. */
export interface FieldError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export interface MillraceErrorOptions {
  /** Every problem of a request at once. */
  readonly errors?: readonly FieldError[];
  /** Internal cause: logged, never sent. */
  readonly cause?: unknown;
  /** When to try again. */
  readonly retryAfterMs?: number;
  /** Public extra members of the problem document, such as the job's present state. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The one error that crosses a package border: a stable code, a public sentence (`message`) and an internal `cause`. */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.extensions = options.extensions ?? {};
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** True for an error with this code, also when it comes from another copy of the package. */
export function isMillraceError(error: unknown, code?: ErrorCode): error is MillraceError {
  return (
    error instanceof Error &&
    error.name === "MillraceError" &&
    (code === undefined || (error as MillraceError).code === code)
  );
}
