import { describe, expect, test } from "vitest";

import { jsonDepthMax, jsonSchema } from "./json.ts";

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

function faultOf(value: unknown): { path: string; message: string } | undefined {
  const [issue] = jsonSchema.safeParse(value).error?.issues ?? [];
  return issue && { path: issue.path.join("."), message: issue.message };
}

describe("jsonSchema", () => {
  test.each([null, true, 0, -0.5, "", "é🙂", [], {}, { a: [{ b: null }] }, Object.create(null)])(
    "takes %j",
    (value) => {
      expect(jsonSchema.parse(value)).toBe(value);
    },
  );

  test("keeps a member called __proto__, without letting it become the prototype", () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    expect(JSON.stringify(jsonSchema.parse(value))).toBe('{"__proto__":{"admin":true},"a":1}');
  });

  test("takes depth to its bound, and not a level more", () => {
    expect(faultOf(nested(jsonDepthMax))).toBeUndefined();
    expect(faultOf(nested(jsonDepthMax + 1))).toMatchObject({ message: "At most 64 levels of objects and arrays." });
  });

  test("finds its end in depth that would exhaust the stack", () => {
    const text = "[".repeat(500_000) + "]".repeat(500_000);
    expect(faultOf(JSON.parse(text))?.message).toBe("At most 64 levels of objects and arrays.");
  });

  test.each([
    [{ a: [1, "x\0"] }, "a.1"],
    [{ a: { b: "\uD800" } }, "a.b"],
    [{ "a\0": 1 }, "a\0"],
    [[Number.NaN], "0"],
    [{ n: Infinity }, "n"],
    [{ u: undefined }, "u"],
    [{ d: new Date() }, "d"],
    [{ f: () => 1 }, "f"],
    [{ n: 1n }, "n"],
    [new Map(), ""],
  ])("names where %o can't be kept", (value, path) => {
    expect(faultOf(value)?.path).toBe(path);
  });
});
