import { describe, expect, test } from "vitest";

import { fromText } from "./text-values.ts";

describe("text as values", () => {
  test.each([
    ["number", "8080", 8080],
    ["number", " 8080 ", 8080],
    ["number", "0x10", "0x10"],
    ["number", "0.25", 0.25],
    ["number", ".5", ".5"],
    ["number", "1e3", "1e3"],
    ["boolean", "true", true],
    ["boolean", "false", false],
    ["boolean", "yes", "yes"],
    ["boolean", "1", "1"],
    ["array", "a, b,,c", ["a", "b", "c"]],
    ["array", "a\nb\n", ["a", "b"]],
    ["array", " , ", []],
    ["text", " 5s ", "5s"],
    ["text", "8080", "8080"],
  ] as const)("as %s, %j is %j", (kind, text, value) => expect(fromText(kind, text)).toEqual(value));
});
