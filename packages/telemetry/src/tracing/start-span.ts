import {
  type Attributes,
  type Context,
  context,
  type HrTime,
  isSpanContextValid,
  type Link,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

import { currentTrace } from "../trace/trace-context.ts";
import { formatTraceparent, parseTraceparent } from "../trace/traceparent.ts";
import { schemaUrl, spanAttributes, tracerName } from "./attributes.ts";
import { isTracing } from "./is-tracing.ts";
import { withRootTraceId } from "./root-trace-id.ts";
import { noSpan, type Span, type SpanAttributes, type SpanOptions } from "./span.ts";

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const sampledFlag = 0x01;

/** Starts a span, which its owner ends. One no-op span for all where nothing is traced. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  if (!isTracing()) return noSpan;
  const { kind = "internal", parent, rootTraceId, attributes, startMs, links } = options;
  // Asked for each time: a provider keeps its tracers, and an app may register one after this module was loaded.
  const tracer = trace.getTracerProvider().getTracer(tracerName, undefined, { schemaUrl });
  const how = {
    kind: kinds[kind],
    attributes: present(attributes),
    ...(startMs === undefined ? {} : { startTime: hrTime(startMs) }),
    ...(links === undefined ? {} : { links: links.flatMap(linkTo) }),
  };
  const inner =
    rootTraceId === undefined
      ? tracer.startSpan(name, how, parentContext(parent))
      : withRootTraceId(rootTraceId, () => tracer.startSpan(name, how, trace.deleteSpan(context.active())));
  const { traceId, spanId, traceFlags } = inner.spanContext();
  // So where tracing is suppressed, as it is for the exporter's own requests.
  if (!isSpanContextValid(inner.spanContext())) return noSpan;
  return {
    traceparent: formatTraceparent({ traceId, parentId: spanId, sampled: (traceFlags & sampledFlag) !== 0 }),
    isRecording: inner.isRecording(),
    rename: (newName) => void inner.updateName(newName),
    set: (more) => void inner.setAttributes(present(more)),
    fail(type, message) {
      inner.setAttribute(spanAttributes.errorType, type);
      inner.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    },
    end: (endMs) => inner.end(endMs === undefined ? undefined : hrTime(endMs)),
    run: (fn) => context.with(trace.setSpan(context.active(), inner), fn),
  };
}

/** The context to start in: below what was asked for, else below the active span, else below the trace that is running. */
function parentContext(asked: string | undefined): Context {
  const active = context.active();
  if (asked === undefined && trace.getSpan(active) !== undefined) return active;
  const parsed = parseTraceparent(asked ?? currentTrace()?.traceparent ?? "");
  if (parsed === undefined) return trace.deleteSpan(active);
  return trace.setSpanContext(active, { ...spanContext(parsed), isRemote: true });
}

function linkTo(traceparent: string): Link[] {
  const parsed = parseTraceparent(traceparent);
  return parsed === undefined ? [] : [{ context: spanContext(parsed) }];
}

function spanContext({ traceId, parentId, sampled }: NonNullable<ReturnType<typeof parseTraceparent>>) {
  return { traceId, spanId: parentId, traceFlags: sampled ? sampledFlag : 0 };
}

function present(attributes: SpanAttributes = {}): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Attributes;
}

/** As a pair, since OpenTelemetry takes a number from before the process started for one since the start. */
function hrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1_000_000)];
}
