import { expect, test } from "vitest";

import { readOptions } from "./options.ts";

test("only a whole run is written to the documentation by itself", () => {
  expect(readOptions([]).out).toMatch(/docs\/benchmarks$/);
  expect(readOptions(["--quick"]).out).toBeUndefined();
  expect(readOptions(["--only", "drain"]).out).toBeUndefined();
  expect(readOptions(["--quick", "--out", "/tmp/page"]).out).toBe("/tmp/page");
});

test("lists can be given in one or in several", () => {
  expect(readOptions(["--only", "drain,pg-boss", "--only", "pickup"]).only).toEqual(["drain", "pg-boss", "pickup"]);
});

test("a number that is none is refused with a sentence", () => {
  expect(() => readOptions(["--rounds", "few"])).toThrow("--rounds takes a whole number above 0.");
});
