import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { recordSpans, type SpanRecorder } from "../testing.ts";
import { currentTrace, traceContext } from "../trace/trace-context.ts";
import { inSpan } from "./in-span.ts";
import { noSpan } from "./span.ts";
import { startSpan } from "./start-span.ts";

const given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

it("is just its function where nothing is traced", async () => {
  const trace = { traceId: "order-7", traceparent: given, tenant: "acme" };
  await traceContext.run(trace, () =>
    inSpan("work", {}, async (span) => {
      expect(span).toBe(noSpan);
      expect(currentTrace()).toEqual(trace);
    }),
  );
});

describe("work in a span", () => {
  let recorder: SpanRecorder;

  beforeEach(() => {
    recorder = recordSpans();
  });

  afterEach(() => recorder.close());

  it("has the span's traceparent in its trace, and the trace id and tenant that were there", async () => {
    const answer = await traceContext.run({ traceId: "order-7", traceparent: given, tenant: "acme" }, () =>
      inSpan("work", { kind: "producer" }, async (span) => {
        await Promise.resolve();
        expect(currentTrace()).toEqual({ traceId: "order-7", traceparent: span.traceparent, tenant: "acme" });
        startSpan("inner").end();
        return 7;
      }),
    );
    expect(answer).toBe(7);
    const [inner, work] = recorder.spans();
    expect(work).toMatchObject({ name: "work", kind: "producer", parentId: "00f067aa0ba902b7", failed: false });
    expect(inner?.parentId).toBe(work?.spanId);
  });

  it("makes the trace of those who have none", async () => {
    await inSpan("work", { parent: given }, async (span) => {
      expect(currentTrace()).toMatchObject({
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        traceparent: span.traceparent,
      });
    });
    expect(currentTrace()).toBeUndefined();
  });

  it("fails with the error's code or name, says nothing of its message, and lets it out", async () => {
    const coded = Object.assign(new Error("secret of a user"), { code: "TIMEOUT" });
    for (const error of [coded, new TypeError("secret of a user"), "secret of a user"]) {
      await expect(inSpan("work", {}, () => Promise.reject(error as Error))).rejects.toBe(error);
    }
    const spans = recorder.spans();
    expect(spans.map(({ attributes }) => attributes["error.type"])).toEqual(["TIMEOUT", "TypeError", "_OTHER"]);
    expect(spans.every(({ failed }) => failed)).toBe(true);
    expect(JSON.stringify(spans)).not.toContain("secret");
  });
});
