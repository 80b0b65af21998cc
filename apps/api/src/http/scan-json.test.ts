import { assert, json, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { scanJson } from "./scan-json.ts";

const codes = (text: string) => scanJson(text).map(({ path, code }) => `${path}: ${code}`);

describe("what JSON.parse would change without a word", () => {
  test.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":{"b":1,"c":2,"b":3}}', "a.b"],
    ['[{"x":1},{"x":1,"x":2}]', "1.x"],
    [String.raw`{"a":1,"\u0061":2}`, "a"],
    ['{"":1,"":2}', ""],
    ['{"a":[{},{"b":1 , "b" : 2}]}', "a.1.b"],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    [String.raw`{"q\"":1,"q\"":2}`, 'q"'],
  ])("a field that is given twice is found: %s", (text, path) => {
    expect(codes(text)).toEqual([`${path}: duplicate_field`]);
  });

  test.each([
    ["9007199254740992", ""],
    ["-9007199254740992", ""],
    ['{"a":[1,12345678901234567890]}', "a.1"],
    ['{"n":1e400}', "n"],
    ['{"n":-1E999}', "n"],
    [`[${"9".repeat(400)}]`, "0"],
  ])("a number that would change is found: %s", (text, path) => {
    expect(codes(text)).toEqual([`${path}: number_out_of_range`]);
  });

  test.each([
    "9007199254740991",
    "-9007199254740991",
    "0.1",
    "1e3",
    "123456789012345.25",
    '"9007199254740993"',
    '{"9007199254740993":1}',
    String.raw`{"a":"\\","b":"\"","c":"{\"a\":1,\"a\":2}"}`,
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    "null",
    ' { "a" : [ ] , "b" : { } } ',
  ])("all else is left alone: %s", (text) => {
    expect(codes(text)).toEqual([]);
  });

  test("nothing is found in what JSON.stringify has written", () => {
    assert(
      property(json(), (text) => {
        const written = JSON.stringify(JSON.parse(text));
        return scanJson(written).every(({ code }) => code === "number_out_of_range");
      }),
    );
  });

  test("nesting that nobody means is refused, and paths stay short", () => {
    expect(codes(`${"[".repeat(300)}${"]".repeat(300)}`)).toEqual([expect.stringMatching(/: nested_too_deeply$/)]);
    const [deep] = scanJson(`${"[".repeat(200)}{"a":1,"a":2}${"]".repeat(200)}`);
    const [long] = scanJson(`{"${"x".repeat(10_000)}":{"a":1,"a":2}}`);
    expect([deep, long].map((fault) => (fault?.path.length ?? 0) < 300)).toEqual([true, true]);
  });

  test("the list ends, however much is wrong", () => {
    expect(scanJson(`[${"1e999,".repeat(10_000)}0]`)).toHaveLength(100);
  });

  test("a million brackets take a moment, and no stack", () => {
    expect(scanJson("[".repeat(1_000_000) + "]".repeat(1_000_000))).toHaveLength(1);
  });
});
