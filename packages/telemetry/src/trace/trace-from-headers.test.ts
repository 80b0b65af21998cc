import { describe, expect, it } from "vitest";

import { traceFromHeaders } from "./trace-from-headers.ts";
import { parseTraceparent } from "./traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

describe("traceFromHeaders", () => {
  it.each(["order-42", "A.b_c-9", "x", "y".repeat(128)])("takes a sane X-Trace-ID: %s", (given) => {
    const trace = traceFromHeaders({ "x-trace-id": given });
    expect(trace.traceId).toBe(given);
    expect(parseTraceparent(trace.traceparent)).toBeDefined();
  });

  it("propagates an X-Trace-ID that W3C allows as the trace id of the traceparent", () => {
    expect(parseTraceparent(traceFromHeaders({ "x-trace-id": traceId }).traceparent)?.traceId).toBe(traceId);
  });

  it("shows the X-Trace-ID but propagates the caller's traceparent when both come", () => {
    expect(traceFromHeaders({ "x-trace-id": "order-42", traceparent })).toEqual({ traceId: "order-42", traceparent });
    expect(traceFromHeaders({ "x-trace-id": "a".repeat(32), traceparent })).toEqual({
      traceId: "a".repeat(32),
      traceparent,
    });
  });

  it.each(["", " ", "a b", "a\nb", "é", "y".repeat(129), "a,b", "<script>", "a:b", null, undefined])(
    "passes over an X-Trace-ID that isn't sane for the traceparent: %j",
    (given) => {
      expect(traceFromHeaders({ "x-trace-id": given, traceparent })).toEqual({ traceId, traceparent });
    },
  );

  it("propagates a traceparent of a later version as version 00, the one that we speak", () => {
    expect(traceFromHeaders({ traceparent: `01-${traceId}-00f067aa0ba902b7-03-more` })).toEqual({
      traceId,
      traceparent,
    });
  });

  it.each([undefined, null, "", "nonsense", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`])(
    "makes a new trace of 32 hex digits when neither header is any good: %j",
    (bad) => {
      const trace = traceFromHeaders({ "x-trace-id": "not sane", traceparent: bad });
      expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(parseTraceparent(trace.traceparent)?.traceId).toBe(trace.traceId);
      expect(traceFromHeaders({}).traceId).not.toBe(trace.traceId);
    },
  );
});
