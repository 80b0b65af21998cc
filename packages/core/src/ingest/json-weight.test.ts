import { expect, test } from "vitest";

import { jsonBytesWeight, jsonWeight } from "./json-weight.ts";

test("dense text weighs more than its length, as text and as bytes", () => {
  const dense = `[${"[],".repeat(1_000)}[]]`;
  expect(jsonWeight(dense)).toBeGreaterThan(40 * dense.length);
  expect(jsonBytesWeight(Buffer.from(dense))).toBe(jsonWeight(dense));
  expect(jsonWeight(JSON.stringify("x".repeat(1_000)))).toBe(64);
});
