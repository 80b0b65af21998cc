import { describe, expect, it } from "vitest";

import { childTraceparent, newTraceId, newTraceparent, parseTraceparent, traceparentFor } from "./traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

describe("parseTraceparent", () => {
  it.each([
    [`00-${traceId}-${parentId}-01`, true],
    [`00-${traceId}-${parentId}-00`, false],
    [`00-${traceId}-${parentId}-02`, false],
    [`00-${traceId}-${parentId}-ff`, true],
    [`01-${traceId}-${parentId}-01`, true],
    [`cc-${traceId}-${parentId}-01-what-comes-later`, true],
  ])("takes %s", (header, sampled) => {
    expect(parseTraceparent(header)).toEqual({ traceId, parentId, sampled });
  });

  it.each([
    ["nothing", ""],
    ["version ff", `ff-${traceId}-${parentId}-01`],
    ["a version in upper case", `0A-${traceId}-${parentId}-01`],
    ["a version that isn't hex", `0g-${traceId}-${parentId}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${parentId}-01`],
    ["a parent id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
    ["a trace id in upper case", `00-${traceId.toUpperCase()}-${parentId}-01`],
    ["a parent id in upper case", `00-${traceId}-${parentId.toUpperCase()}-01`],
    ["a short trace id", `00-${traceId.slice(1)}-${parentId}-01`],
    ["a long trace id", `00-${traceId}0-${parentId}-01`],
    ["a short parent id", `00-${traceId}-${parentId.slice(1)}-01`],
    ["flags of one digit", `00-${traceId}-${parentId}-1`],
    ["flags of three digits", `00-${traceId}-${parentId}-010`],
    ["flags that aren't hex", `00-${traceId}-${parentId}-0x`],
    ["more than version 00 has", `00-${traceId}-${parentId}-01-x`],
    ["a dash more than version 00 has", `00-${traceId}-${parentId}-01-`],
    ["more of a later version without a dash", `01-${traceId}-${parentId}-01x`],
    ["space before", ` 00-${traceId}-${parentId}-01`],
    ["two headers in one", `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
    ["a line end", `00-${traceId}-${parentId}-01\n`],
  ])("refuses %s", (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe("newTraceparent", () => {
  it("makes a valid header of a new trace, sampled so that those downstream may record", () => {
    const made = Array.from({ length: 2_000 }, () => parseTraceparent(newTraceparent()));
    expect(made.every((each) => each?.sampled)).toBe(true);
    expect(new Set(made.map((each) => each?.traceId)).size).toBe(2_000);
    expect(new Set(made.map((each) => each?.parentId)).size).toBe(2_000);
  });

  it("takes a trace id and a sampling decision", () => {
    expect(parseTraceparent(newTraceparent({ traceId, sampled: false }))).toMatchObject({ traceId, sampled: false });
  });
});

describe("newTraceId", () => {
  it("is 32 lower-case hex digits, ever new", () => {
    const made = Array.from({ length: 1_000 }, newTraceId);
    expect(made.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(made).size).toBe(1_000);
  });
});

describe("traceparentFor", () => {
  it("carries a trace id that W3C allows and stands for any other with one of its own", () => {
    expect(parseTraceparent(traceparentFor(traceId))?.traceId).toBe(traceId);
    for (const other of ["order-42", "0".repeat(32), traceId.toUpperCase(), `${traceId}0`]) {
      expect(parseTraceparent(traceparentFor(other))?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(parseTraceparent(traceparentFor(other))?.traceId).not.toBe(other);
    }
  });
});

describe("a header that was made up", () => {
  it("says of no trace that it is recorded", () => {
    for (const id of [traceId, "order-42"]) expect(parseTraceparent(traceparentFor(id))?.sampled).toBe(false);
  });
});

describe("childTraceparent", () => {
  it.each(["00", "01"])("keeps trace and sampling (%s) and has a parent id of its own", (flags) => {
    const child = parseTraceparent(childTraceparent(`00-${traceId}-${parentId}-${flags}`));
    expect(child).toMatchObject({ traceId, sampled: flags === "01" });
    expect(child?.parentId).not.toBe(parentId);
  });

  it("starts a new trace below an invalid header", () => {
    expect(parseTraceparent(childTraceparent("nonsense"))).toBeDefined();
  });
});
