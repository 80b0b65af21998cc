import { describe, expect, it } from "vitest";

import { retryAfterMs } from "./retry-after.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");

describe("Retry-After", () => {
  it.each([
    ["seconds", "120", 120_000],
    ["a date", "Thu, 01 Jan 2026 00:01:30 GMT", 90_000],
    ["an old form of date", "Thursday, 01-Jan-26 00:01:30 GMT", 90_000],
    ["a date gone by", "Wed, 31 Dec 2025 23:00:00 GMT", 1_000],
    ["zero", "0", 1_000],
    ["more than a day", "9999999", 24 * 3_600_000],
  ])("takes %s", (_, header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected);
  });

  it.each(["", "soon", "-5", "1.5", "2026-01-01"])("ignores %j", (header) => {
    expect(retryAfterMs(header, nowMs)).toBeUndefined();
  });

  it("is undefined without a header", () => {
    expect(retryAfterMs(undefined, nowMs)).toBeUndefined();
  });
});
