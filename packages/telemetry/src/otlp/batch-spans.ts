import { TraceFlags } from "@opentelemetry/api";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";

import type { Logger } from "../logs/create-logger.ts";

export interface BatchOptions {
  readonly exporter: SpanExporter;
  readonly url: string;
  readonly logger: Logger;
  readonly exportTimeoutMs: number;
  /** How long dropped spans are counted before the log has their number; default 60,000. */
  readonly countMs?: number | undefined;
}

/** Some megabytes at most; what comes on top of it while the collector is slow is dropped. */
export const queuedSpansMax = 8_192;
const batchSpansMax = 512;
const batchDelayMs = 1_000;

/**
 * Exports spans in batches, of which a full queue holds no more: what comes then is dropped, as the log says at once, and with the number
 * after a minute. OpenTelemetry's own queue drops in silence, so it is kept from ever being full.
 */
export function batchSpans({ exporter, url, logger, exportTimeoutMs, countMs = 60_000 }: BatchOptions): SpanProcessor {
  let queued = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const batches = new BatchSpanProcessor({
    exporter: {
      export(spans, done) {
        queued -= spans.length;
        exporter.export(spans, done);
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: queuedSpansMax,
    maxExportBatchSize: batchSpansMax,
    scheduledDelayMillis: batchDelayMs,
    exportTimeoutMillis: exportTimeoutMs,
  });

  function drop(): void {
    dropped++;
    if (timer !== undefined) return;
    logger.warn({ url }, "More spans wait than fit; they are dropped until the collector has taken some");
    timer = setTimeout(tell, countMs).unref();
  }

  function tell(): void {
    clearTimeout(timer);
    timer = undefined;
    if (dropped > 0) logger.warn({ url, count: dropped }, "This many spans were dropped since more waited than fit");
    dropped = 0;
  }

  return {
    onStart: (span, parent) => batches.onStart(span, parent),
    onEnd(span) {
      // What isn't recorded doesn't get into the queue.
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (queued < queuedSpansMax) {
        queued++;
        batches.onEnd(span);
      } else {
        drop();
      }
    },
    forceFlush: () => batches.forceFlush(),
    shutdown() {
      tell();
      return batches.shutdown();
    },
  };
}
