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
  // oxlint-disable-next-line node/no-process-env -- nothing is read for ourselves: it is kept from who would
  const variables = process.env;
  const hidden = Object.entries(variables).filter(([name]) => name.startsWith("OTEL_EXPORTER_"));
  for (const [name] of hidden) delete variables[name];
  try {
    return make();
  } finally {
    Object.assign(variables, Object.fromEntries(hidden));
  }
}
