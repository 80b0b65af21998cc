import { assert, date, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { isoTime } from "./iso-time.ts";

describe("isoTime", () => {
  test("writes every time as Date does, whatever was asked before", () => {
    assert(property(date({ noInvalidDate: true }), (time) => isoTime(time) === time.toISOString()));
    const near = { min: new Date("2026-12-30T22:00:00Z"), max: new Date("2027-01-02T02:00:00Z") };
    assert(property(date({ ...near, noInvalidDate: true }), (time) => isoTime(time) === time.toISOString()));
    for (const text of ["1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z", "-000001-12-31T23:59:59.999Z"])
      expect(isoTime(new Date(text))).toBe(text);
  });

  test("refuses an invalid date as Date does, and writes the next one", () => {
    expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError);
    expect(isoTime(new Date("2026-11-22T08:39:37.197Z"))).toBe("2026-11-22T08:39:37.197Z");
  });
});
