import { describe, expect, test } from "vitest";

import { UsageError } from "../usage-error.ts";
import { readParams } from "./read-params.ts";

describe("--param", () => {
  test.each([
    [["city=Berlin"], { city: "Berlin" }],
    [["n=17", "b=true", "z=null", "x=1.5"], { n: 17, b: true, z: null, x: 1.5 }],
    [['zip="01234"', "also=01234"], { zip: "01234", also: "01234" }],
    [["ids=[1,2]", 'object={"a":1}'], { ids: [1, 2], object: '{"a":1}' }],
    [["empty=", "equation=a=b", "lines=a\nb"], { empty: "", equation: "a=b", lines: "a\nb" }],
    [
      ["2=b", "1=a"],
      ["a", "b"],
    ],
    [[], undefined],
  ])("%j", (given, params) => expect(readParams(given)).toEqual(params));

  test("a number that would lose digits stays text, which is compared with a number as one", () => {
    expect(readParams(["id=9007199254740993"])).toEqual({ id: "9007199254740993" });
  });

  test.each([
    [["city"], "--param is name=value"],
    [["=x"], "--param is name=value"],
    [["a=1", "a=2"], "given twice"],
    [["1=a", "3=b"], "--param 2=… is missing"],
    [["1=a", "b=2"], "--param 2=… is missing"],
  ])("%j is refused: %s", (given, message) => {
    expect(() => readParams(given)).toThrow(UsageError);
    expect(() => readParams(given)).toThrow(message);
  });
});
