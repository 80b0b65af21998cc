import { context, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { recordSpans, type SpanRecorder } from "../testing.ts";
import { traceContext } from "../trace/trace-context.ts";
import { parseTraceparent } from "../trace/traceparent.ts";
import { spanAttributes } from "./attributes.ts";
import { isTracing } from "./is-tracing.ts";
import { noSpan } from "./span.ts";
import { startSpan } from "./start-span.ts";

const given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("a span where nothing is traced", () => {
  it("is one for all, does nothing, and leaves the traceparent to whoever has one", () => {
    expect(isTracing()).toBe(false);
    const span = startSpan("work", { parent: given });
    expect(span).toBe(noSpan);
    expect(span.traceparent).toBeUndefined();
    expect(span.isRecording).toBe(false);
    span.set({ a: 1 });
    span.fail("x");
    span.end();
    expect(span.run(() => 7)).toBe(7);
  });
});

describe("a span", () => {
  let recorder: SpanRecorder;

  beforeEach(() => {
    recorder = recordSpans();
  });

  afterEach(() => recorder.close());

  it("says its kind, attributes, times, links and failure", () => {
    expect(isTracing()).toBe(true);
    const span = startSpan("work", {
      kind: "consumer",
      parent: given,
      attributes: { a: 1, b: undefined },
      startMs: 1_000.25,
      links: [given, "nonsense"],
    });
    span.set({ c: "d", e: undefined });
    span.rename("worked");
    span.fail("TIMEOUT");
    span.end(2_000.5);
    expect(recorder.spans()).toEqual([
      {
        traceparent: span.traceparent,
        name: "worked",
        kind: "consumer",
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        spanId: parseTraceparent(span.traceparent ?? "")?.parentId,
        parentId: "00f067aa0ba902b7",
        startMs: 1_000.25,
        endMs: 2_000.5,
        attributes: { a: 1, c: "d", [spanAttributes.errorType]: "TIMEOUT" },
        failed: true,
        links: ["00f067aa0ba902b7"],
      },
    ]);
  });

  it("hangs below the parent that it is given, else the active span, else the trace that is running", () => {
    const other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    traceContext.run({ traceId: "t", traceparent: given }, () => {
      startSpan("of the trace").end();
      const active = startSpan("active", { parent: other });
      active.run(() => {
        startSpan("of the active").end();
        startSpan("of the given", { parent: given }).end();
      });
      active.end();
    });
    startSpan("of none").end();
    const spans = recorder.spans();
    const parentOf = (name: string) => spans.find((span) => span.name === name)?.parentId;
    expect(parentOf("of the trace")).toBe("00f067aa0ba902b7");
    expect(parentOf("of the active")).toBe(spans.find(({ name }) => name === "active")?.spanId);
    expect(parentOf("of the given")).toBe("00f067aa0ba902b7");
    expect(spans.find(({ name }) => name === "of none")).toMatchObject({ parentId: undefined });
  });

  it("begins the trace that is asked for, below nothing", () => {
    const rootTraceId = "0af7651916cd43dd8448eb211c80319c";
    const span = traceContext.run({ traceId: "t", traceparent: given }, () => startSpan("first", { rootTraceId }));
    span.end();
    startSpan("another").end();
    const [first, another] = recorder.spans();
    expect(first).toMatchObject({ traceId: rootTraceId, parentId: undefined });
    expect(another?.traceId).not.toBe(rootTraceId);
  });

  it("is seen by OpenTelemetry as active while it runs, over awaits", async () => {
    const span = startSpan("outer");
    await span.run(async () => {
      await Promise.resolve();
      trace.getActiveSpan()?.setAttribute("seen", true);
      trace.getTracer("app").startSpan("of the app").end();
    });
    span.end();
    const [inner, outer] = recorder.spans();
    expect(inner?.parentId).toBe(outer?.spanId);
    expect(outer?.attributes).toEqual({ seen: true });
    expect(trace.getSpan(context.active())).toBeUndefined();
  });
});

describe("sampling", () => {
  const traced = async (options: Parameters<typeof recordSpans>[0], parent: string | undefined) => {
    const recorder = recordSpans(options);
    const span = startSpan("work", { parent });
    span.end();
    recorder.close();
    const sampled = parseTraceparent(span.traceparent ?? "")?.sampled;
    expect(span.isRecording).toBe(sampled);
    expect(recorder.spans()).toHaveLength(sampled ? 1 : 0);
    return sampled;
  };
  const parentOf = (traceId: string, flag: "00" | "01") => `00-${traceId.padStart(32, "a")}-00f067aa0ba902b7-${flag}`;

  it("heeds a caller's no everywhere, and its yes only where callers are trusted", async () => {
    const no = parentOf("1", "00");
    const yes = parentOf("1", "01");
    for (const trustsCallers of [true, false]) expect(await traced({ trustsCallers }, no)).toBe(false);
    expect(await traced({ sampleRatio: 0, trustsCallers: true }, yes)).toBe(true);
    expect(await traced({ sampleRatio: 0, trustsCallers: false }, yes)).toBe(false);
    expect(await traced({ sampleRatio: 1, trustsCallers: false }, yes)).toBe(true);
  });

  it("decides new traces by the ratio", async () => {
    expect(await traced({ sampleRatio: 0 }, undefined)).toBe(false);
    expect(await traced({ sampleRatio: 1 }, undefined)).toBe(true);
  });

  it("decides by the trace id, so that every process with the same ratio decides alike", async () => {
    const options = { sampleRatio: 0.5, trustsCallers: false };
    const decisions = [];
    for (let index = 0; index < 64; index++) {
      const parent = parentOf(`${(index * 2_654_435_761) % 4_294_967_296}`, "01");
      const decision = await traced(options, parent);
      expect(await traced(options, parent)).toBe(decision);
      decisions.push(decision);
    }
    expect(new Set(decisions)).toEqual(new Set([true, false]));
  });
});
