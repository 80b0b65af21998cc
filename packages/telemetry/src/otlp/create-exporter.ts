import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { SpanExporter } from "@opentelemetry/sdk-trace";

export interface ExporterOptions {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
}

/** An exporter that knows its options alone: what the environment says may be meant for another collector, its token too. */
export function createExporter({ url, headers, timeoutMs }: ExporterOptions): SpanExporter {
  return withoutExporterVariables(
    () => new OTLPTraceExporter({ url, headers: Object.fromEntries(headers), timeoutMillis: timeoutMs }),
  );
}

/** The exporter merges these into its options when it is made, and has no option to leave it. */
function withoutExporterVariables<Result>(make: () => Result): Result {
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith("OTEL_EXPORTER_"));
  for (const [name] of hidden) delete process.env[name];
  try {
    return make();
  } finally {
    for (const [name, value] of hidden) process.env[name] = value;
  }
}
