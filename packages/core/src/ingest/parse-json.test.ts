import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { normalNumber } from "./normal-number.ts";
import { isRawJson, parseExactJson } from "./parse-json.ts";

describe("parseExactJson", () => {
  test.each([
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
    "0.12345678901234567890123456789",
    "99999999999999999999999999999999999999",
    "1e400",
    "-1E-400",
    "123456789012345678e-3",
  ])("keeps every digit of %s, wherever it stands", (number) => {
    for (const text of [`{"a":${number}}`, `{"a":[1,${number}]}`, `{"a":[${number},true]}`, `{"a" : \n ${number} }`]) {
      const value = parseExactJson(text);
      expect(JSON.stringify(value)).toBe(text.replaceAll(/\s/g, ""));
    }
  });

  test.each([
    "0",
    "-1.5",
    "9007199254740991",
    "0.1",
    "0.30000000000000004",
    "1e2",
    "1.5E+3",
    "100000000000000000000",
    "1.0000000000000000000",
  ])("leaves %s a number, which a double holds", (number) =>
    expect(parseExactJson(`{"a":${number}}`)).toEqual({ a: Number(number) }),
  );

  test("never has a reviver at malformed text, of which V8's heap takes harm", () => {
    const parse = vi.spyOn(JSON, "parse");
    try {
      for (const text of ['{"a":1e400,', '{"a":[12345678901234567890,"b"', "[1e400]]"]) {
        expect(() => parseExactJson(text)).toThrow(SyntaxError);
      }
      expect(parse.mock.calls.map(({ length }) => length)).toEqual([1, 1, 1]);
    } finally {
      parse.mockRestore();
    }
  });

  test("leaves text alone that looks like numbers", () => {
    const text = '{"a":"x,12345678901234567890","b":"[1e400"}';
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
  });

  test("gives back any number that it is given, as itself or equal to it", () => {
    const digits = (min: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},30}$`));
    const number = fc
      .tuple(
        fc.constantFrom("", "-"),
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        digits(0),
        fc.option(fc.integer({ min: -999, max: 999 })),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`,
      );
    fc.assert(
      fc.property(number, (text) => {
        const { a } = parseExactJson(`{"a":${text}}`) as { a: unknown };
        const given = JSON.stringify(a);
        if (isRawJson(a)) expect(given).toBe(text);
        // The one number that a double holds and JSON.stringify doesn't: minus zero.
        else expect(normalNumber(given)).toBe(normalNumber(text).replace(/^-0$/, "0"));
      }),
    );
  });
});

test("all spellings of a number have one normal form, and no others have it", () => {
  for (const same of [
    ["1.50", "15e-1", "0.15E1", "1500e-3"],
    ["0", "0.00", "0e9"],
    ["100", "1e2", "1E+2"],
  ]) {
    expect(new Set(same.map(normalNumber)).size).toBe(1);
  }
  expect(normalNumber("1.5")).not.toBe(normalNumber("-1.5"));
  expect(normalNumber("12")).not.toBe(normalNumber("120"));
});
