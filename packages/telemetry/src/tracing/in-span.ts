import { currentTrace, traceContext } from "../trace/trace-context.ts";
import { parseTraceparent } from "../trace/traceparent.ts";
import { errorType } from "./error-type.ts";
import { isTracing } from "./is-tracing.ts";
import { noSpan, type Span, type SpanOptions } from "./span.ts";
import { startSpan } from "./start-span.ts";

/**
 * Runs `fn` in a span that is active meanwhile: for OpenTelemetry, and in `currentTrace()`, which keeps its trace id and tenant. It ends when
 * the promise settles, as failed with the code or name of the error if that rejects. Where nothing is traced it is just `fn`.
 */
export function inSpan<Result>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => Promise<Result>,
): Promise<Result> {
  return isTracing() ? traced(startSpan(name, options), fn) : fn(noSpan);
}

async function traced<Result>(span: Span, fn: (span: Span) => Promise<Result>): Promise<Result> {
  const outer = currentTrace();
  const { traceparent } = span;
  if (traceparent === undefined) return fn(span);
  const traceId = outer?.traceId ?? parseTraceparent(traceparent)?.traceId ?? "";
  try {
    return await span.run(() => traceContext.run({ traceId, traceparent, tenant: outer?.tenant }, () => fn(span)));
  } catch (error) {
    // Not its message, which may quote a payload or a query.
    span.fail(errorType(error));
    throw error;
  } finally {
    span.end();
  }
}
