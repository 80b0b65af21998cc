import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatDuration, parseDuration } from "./durations.ts";

describe("durations", () => {
  test.each([
    ["0", 0],
    ["500", 500],
    ["500ms", 500],
    ["5s", 5_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each([
    "",
    " ",
    "s",
    "-1s",
    "1.5s",
    "1 s",
    "5S",
    "1d",
    "1e3",
    "1s2",
    "0x10",
    "9007199254740993",
    "9999999999999h",
  ])("refuses %j rather than guessing", (text) => expect(parseDuration(text)).toBeUndefined());

  test("what is written reads back as the same number of milliseconds", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1_000, 60_000, 3_600_000), (count, unit) => {
        const ms = Math.floor(count / unit) * unit;
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test("the largest exact unit is used", () => {
    expect([0, 999, 90_000, 120_000, 7_200_000].map(formatDuration)).toEqual(["0", "999ms", "90s", "2m", "2h"]);
  });
});
