export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from "./logs/create-logger.ts";
export type { LogDestination, LogFormat } from "./logs/destination.ts";
export { type FieldKind, type LogFields, logVocabulary } from "./logs/vocabulary.ts";
export {
  type LabelsOf,
  metricCatalogue,
  type MetricDeclaration,
  type MetricKey,
  metricName,
} from "./metrics/catalogue.ts";
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type Metrics,
  type MetricsOptions,
} from "./metrics/create-metrics.ts";
export { currentTrace, setTenant, type Trace, traceContext, type TraceInput } from "./trace/trace-context.ts";
export { type IncomingTrace, traceFromHeaders, type TraceHeaders } from "./trace/trace-from-headers.ts";
export {
  childTraceparent,
  formatTraceparent,
  newTraceId,
  newTraceparent,
  parseTraceparent,
  type Traceparent,
  traceparentFor,
} from "./trace/traceparent.ts";
export { messagingSystem, spanAttributes } from "./tracing/attributes.ts";
export { errorType } from "./tracing/error-type.ts";
export { inSpan } from "./tracing/in-span.ts";
export { isTracing } from "./tracing/is-tracing.ts";
export { noSpan, type Span, type SpanAttributes, type SpanKindName, type SpanOptions } from "./tracing/span.ts";
export { startSpan } from "./tracing/start-span.ts";
