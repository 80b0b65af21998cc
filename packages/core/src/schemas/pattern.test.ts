import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, it, test } from "vitest";

import { compilePattern } from "./pattern.ts";

const sources = [
  String.raw`^\s+$`,
  String.raw`^\S$`,
  "^.$",
  String.raw`^[\s\S]$`,
  String.raw`^[^\s]$`,
  String.raw`^[\w.-]+$`,
  String.raw`^(?:a|b)+?c{2,3}$`,
  String.raw`^(?<year>\d{4})-(\d\d)$`,
  String.raw`\bé`,
  String.raw`a\Bb`,
  String.raw`^\p{L}\P{L}$`,
  String.raw`^\p{Script=Greek}+$`,
  String.raw`^\p{Lu}$`,
  String.raw`^[\p{Ll}_]$`,
  String.raw`^\u{1F600}\u00e9\x41\cA\0\v$`,
  "^[^]$",
  "^[]$",
  "(?i:straße|k)",
  "a$",
  "a|^$",
  String.raw`^\[\(\*\+\?\.\|\{\}\^\$\\\/\)\]$`,
  "^((a+)+b?)*$",
  "^(?:a{2}){3}$",
  "^a{0}$",
];

const character = oneof(
  constantFrom(...Array.from("aAbcCkK.-_ 0189é\n\r\t\v\0\u00a0\u2028\ufeff\u212aſßΩω😀")),
  string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);

describe("a pattern", () => {
  test.each(sources)("%s matches what it matches in JavaScript", (source) => {
    const pattern = compilePattern(source);
    const native = new RegExp(source, "u");
    assert(
      property(array(character, { maxLength: 8 }), (characters) => {
        const text = characters.join("");
        expect([text, pattern.test(text)]).toEqual([text, native.test(text)]);
      }),
      { numRuns: 200 },
    );
  });

  test.each([String.raw`^\d{3}\-\d{4}$`, String.raw`^[\w-.]+$`, String.raw`^\_a$`])(
    "%s, which is not valid with the flag u, is read without it",
    (source) => {
      expect(() => new RegExp(source, "u")).toThrow("Invalid regular expression");
      const pattern = compilePattern(source);
      for (const text of ["123-4567", "1234567", "a.b-c", "_a", ""]) {
        expect([text, pattern.test(text)]).toEqual([text, new RegExp(source).test(text)]);
      }
    },
  );

  it("can't run away", () => {
    // Each of these takes JavaScript's own engine longer than anybody lives.
    for (const source of ["^(a+)+$", "^(a|aa)+$", "^(.*a){20}$", "^(?:a?){40}a{40}$"]) {
      expect(compilePattern(source).test(`${"a".repeat(10_000)}!`)).toBe(false);
    }
  });

  test.each([
    ["(", "It is not a regular expression."],
    [String.raw`(a)\1`, "References back to a group are not supported."],
    [String.raw`(?<n>a)\k<n>`, "References back to a group are not supported."],
    ["a(?=b)", "Looking ahead is not supported."],
    ["(?<!a)b", "Looking behind is not supported."],
    ["(?s:.)", "Of the flags only i is supported."],
    ["a{1001}", "It can't be compiled: invalid repeat count: `{1001}`."],
    ["((a{100}){100}){100}", expect.stringContaining("It can't be compiled")],
    [String.raw`\p{Emoji_Keycap_Sequence}`, "It is not a regular expression."],
  ])("%s is refused, saying why", (source, message) => {
    expect(() => compilePattern(source)).toThrow(expect.objectContaining({ name: "PatternError", message }));
  });
});
