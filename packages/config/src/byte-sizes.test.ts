import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatByteSize, parseByteSize } from "./byte-sizes.ts";

describe("byte sizes", () => {
  test.each([
    ["0", 0],
    ["4096", 4_096],
    ["10B", 10],
    ["64KiB", 65_536],
    ["1MiB", 1_048_576],
    ["2GiB", 2_147_483_648],
  ])("reads %s", (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

  test.each(["", "1MB", "1M", "1mib", "1.5MiB", "-1", "1 MiB", "9007199254740993", "99999999999GiB"])(
    "refuses %j rather than guessing",
    (text) => expect(parseByteSize(text)).toBeUndefined(),
  );

  test("what is written reads back as the same number of bytes", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1_024, 1_024 ** 2, 1_024 ** 3), (count, unit) => {
        const bytes = Math.floor(count / unit) * unit;
        expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
      }),
    );
  });

  test("the largest exact unit is used", () => {
    expect([0, 1_000, 1_536, 65_536, 1_048_576].map(formatByteSize)).toEqual(["0", "1000B", "1536B", "64KiB", "1MiB"]);
  });
});
