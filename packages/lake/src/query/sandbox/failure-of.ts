import type { ChildFailure } from "../protocol.ts";

/** An error of a statement with a user's SQL in it: `offset` is where in that SQL, in bytes. */
export class StatementError extends Error {
  readonly type: string;
  readonly offset: number | undefined;

  constructor(type: string, message: string, offset?: number) {
    super(message);
    this.type = type;
    this.offset = offset;
  }

  /** From DuckDB's error, whose place counts from the start of our own statement. */
  static of(error: unknown, before: number): StatementError {
    if (error instanceof StatementError) return error;
    const failure = failureOf(error);
    const offset = failure.offset === undefined ? undefined : failure.offset - before;
    return new StatementError(failure.type, failure.message, offset !== undefined && offset >= 0 ? offset : undefined);
  }
}

/** DuckDB's error, which it writes as JSON here; anything else is an internal one. */
export function failureOf(error: unknown): ChildFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StatementError) {
    return { type: error.type, message, ...(error.offset === undefined ? {} : { offset: error.offset }) };
  }
  try {
    const parsed = JSON.parse(message) as Record<string, string | undefined>;
    const offset = Number(parsed["position"]);
    return {
      type: String(parsed["exception_type"]),
      message: String(parsed["exception_message"]),
      ...(parsed["position"] === undefined || !Number.isSafeInteger(offset) ? {} : { offset }),
    };
  } catch {
    const [, type = "Internal", text = message] = /^([A-Z][A-Za-z ]+) Error: (.*)$/s.exec(message) ?? [];
    return { type, message: text };
  }
}
