export { type RecordedSpan, recordSpans, type SpanRecorder } from "./testing/record-spans.ts";
