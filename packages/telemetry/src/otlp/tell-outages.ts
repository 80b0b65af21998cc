import { ExportResultCode } from "@opentelemetry/core";
import type { SpanExporter } from "@opentelemetry/sdk-trace";

import type { Logger } from "../logs/create-logger.ts";

/** The same exporter, which tells the log when exports begin to fail, and how much was lost when they work again: two lines for an outage. */
export function tellOutages(
  exporter: SpanExporter,
  { url, logger }: { readonly url: string; readonly logger: Logger },
): SpanExporter {
  let failing = false;
  let lost = 0;

  function failed(err: unknown, count: number): void {
    lost += count;
    if (failing) return;
    failing = true;
    logger.warn({ url, err }, "Spans could not be exported; they are dropped until the collector takes them again");
  }

  function succeeded(): void {
    if (failing) logger.info({ url, count: lost }, "Spans are exported again; this many were dropped");
    failing = false;
    lost = 0;
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) succeeded();
        else failed(result.error, spans.length);
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
