export { startTracing, type Tracing, type TracingOptions } from "./otlp/start-tracing.ts";
