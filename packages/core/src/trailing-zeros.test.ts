import { expect, test } from "vitest";

import { normalNumber } from "./ingest/normal-number.ts";
import { withoutTrailingZeros } from "./trailing-zeros.ts";

test("zeros at the end go, all others stay", () => {
  expect(["", "0", "100", "1001", "00"].map(withoutTrailingZeros)).toEqual(["", "", "1", "1001", ""]);
});

test("a number of a million zeros between two ones is read once, not a million times", () => {
  const long = `1${"0".repeat(1_000_000)}1`;
  expect(withoutTrailingZeros(long)).toBe(long);
  expect(normalNumber(long)).toBe(`${long}e0`);
  expect(normalNumber(`1e${"9".repeat(1_000_000)}`)).toHaveLength(1_000_002);
});
