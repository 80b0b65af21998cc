import { expect, test } from "vitest";

import { createFieldFitter } from "./fit-new-fields.ts";

const table = { columns: [{ fieldId: 1, name: "id", type: "int64", nullable: false } as const] };

test("a record whose fields differ from earlier ones only in case is left out, those after it are not", () => {
  const refusal = createFieldFitter(table);
  expect(refusal(["Amount"])).toBeUndefined();
  expect(refusal(["fine", "amount"])).toMatchObject({ name: "amount", message: expect.stringContaining("Amount") });
  expect(refusal(["Twice", "twice"])).toMatchObject({ name: "twice" });
  // What a refused record brought besides is not there.
  expect(refusal(["Fine", "Amount", "TWICE"])).toBeUndefined();
});

test("a record that would be one column too many is left out, one that needs fewer is not", () => {
  const refusal = createFieldFitter(table);
  const many = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  expect(refusal(many(600, "a"))).toMatchObject({ message: "A table has 500 columns at most." });
  expect(refusal(many(498, "b"))).toBeUndefined();
  expect(refusal(["c", "d"])).toMatchObject({ name: "d" });
  expect(refusal(["b1", "c"])).toBeUndefined();
  expect(refusal(["d"])).toMatchObject({ name: "d" });
});
