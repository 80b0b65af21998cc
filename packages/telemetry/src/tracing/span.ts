export type SpanKindName = "internal" | "server" | "client" | "producer" | "consumer";

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKindName;
  /** W3C traceparent of the parent. Default: OpenTelemetry's active span, else `currentTrace()`'s. */
  readonly parent?: string | undefined;
  /** Never payloads, SQL with its values, keys or tokens. What is undefined is left out. */
  readonly attributes?: SpanAttributes | undefined;
  /** Begins a trace with this id, 32 hex digits, whatever else is active. */
  readonly rootTraceId?: string | undefined;
  /** Epoch milliseconds; default now. */
  readonly startMs?: number | undefined;
  /** Traceparents of related spans. */
  readonly links?: readonly string[] | undefined;
}

/** One piece of work in a trace. */
export interface Span {
  /** The header for what is called or stored from here; undefined when nothing is traced: keep the one you have. */
  readonly traceparent: string | undefined;
  /** False where the sampler has left it out: attributes needn't be made then. */
  readonly isRecording: boolean;
  rename(name: string): void;
  set(attributes: SpanAttributes | undefined): void;
  /** Marks it as failed; `type` becomes `error.type`. The message must be safe to show: no values of users. */
  fail(type: string, message?: string): void;
  /** Ends it, now or at these epoch milliseconds. */
  end(endMs?: number): void;
  /** Runs `fn` with the span as OpenTelemetry's active one; `inSpan` makes it that of `currentTrace()` as well. */
  run<Result>(fn: () => Result): Result;
}

/** The span where nothing is traced: one for all. */
export const noSpan: Span = Object.freeze({
  traceparent: undefined,
  isRecording: false,
  rename() {},
  set() {},
  fail() {},
  end() {},
  run<Result>(fn: () => Result) {
    return fn();
  },
});
