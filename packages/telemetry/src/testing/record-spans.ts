import { context, type HrTime, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

import { createIdGenerator } from "../otlp/id-generator.ts";
import { createSampler } from "../otlp/sampler.ts";
import { formatTraceparent } from "../trace/traceparent.ts";
import type { SpanAttributes, SpanKindName } from "../tracing/span.ts";

/** A span that has ended. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKindName;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** What is handed on from it. */
  readonly traceparent: string;
  /** Epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  readonly failed: boolean;
  /** Ids of the spans that it links to. */
  readonly links: readonly string[];
}

/** The spans of this process, kept where a test can look at them. */
export interface SpanRecorder {
  /** Those that have ended, in the order of their ends. */
  spans(): readonly RecordedSpan[];
  named(name: string): readonly RecordedSpan[];
  /** A trace as one line a span, two spaces deeper than its parent's; siblings in the order of their starts. */
  tree(traceId: string): readonly string[];
  /** Traces nothing any more. */
  close(): void;
}

/** Traces this process as `startTracing` does, but keeps the spans; by default all of them. One at a time. */
export function recordSpans({ sampleRatio = 1, trustsCallers = true } = {}): SpanRecorder {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: createSampler({ sampleRatio, trustsCallers }),
    idGenerator: createIdGenerator(),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  if (!trace.setGlobalTracerProvider(provider)) throw new Error("Spans of this process are recorded already");
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spans = () => exporter.getFinishedSpans().map(recorded);

  return {
    spans,
    named: (name) => spans().filter((span) => span.name === name),
    tree: (traceId) => linesOf(spans().filter((span) => span.traceId === traceId)),
    close() {
      trace.disable();
      context.disable();
    },
  };
}

const kinds: Readonly<Record<SpanKind, SpanKindName>> = {
  [SpanKind.INTERNAL]: "internal",
  [SpanKind.SERVER]: "server",
  [SpanKind.CLIENT]: "client",
  [SpanKind.PRODUCER]: "producer",
  [SpanKind.CONSUMER]: "consumer",
};

function recorded(span: ReadableSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    kind: kinds[span.kind],
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId,
    traceparent: formatTraceparent({ traceId, parentId: spanId, sampled: true }),
    startMs: epochMs(span.startTime),
    endMs: epochMs(span.endTime),
    attributes: span.attributes as SpanAttributes,
    failed: span.status.code === SpanStatusCode.ERROR,
    links: span.links.map((link) => link.context.spanId),
  };
}

function linesOf(spans: readonly RecordedSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parentId: string | undefined, depth: number): readonly string[] =>
    spans
      .filter((span) => (ids.has(span.parentId ?? "") ? span.parentId : undefined) === parentId)
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap(({ name, spanId }) => [`${"  ".repeat(depth)}${name}`, ...below(spanId, depth + 1)]);
  return below(undefined, 0);
}

function epochMs([seconds, nanoseconds]: HrTime): number {
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
