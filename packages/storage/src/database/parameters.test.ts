import { describe, expect, test } from "vitest";

import { encodeParameters } from "./parameters.ts";

describe("encodeParameters", () => {
  test("writes every kind of value as PostgreSQL's text", () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    expect(
      encodeParameters([
        "text",
        null,
        true,
        1.5,
        2n ** 60n,
        at,
        new Uint8Array([0, 255]),
        ['a"b\\', null, "NULL"],
        [1, true, at, 3n],
        [],
      ]),
    ).toEqual([
      "text",
      null,
      "true",
      "1.5",
      "1152921504606846976",
      "2026-01-02T03:04:05.678Z",
      String.raw`\x00ff`,
      String.raw`{"a\"b\\",NULL,"NULL"}`,
      '{1,true,"2026-01-02T03:04:05.678Z",3}',
      "{}",
    ]);
  });

  test("quotes in arrays what PostgreSQL would take for its own, and changes nothing else", () => {
    expect(encodeParameters([['{"a":"b\\"c"}', '"\n\t\u0001\u007f', '"😀é\u2028']])).toEqual([
      '{"{\\"a\\":\\"b\\\\\\"c\\"}","\\"\n\t\u0001\u007f","\\"😀é\u2028"}',
    ]);
  });

  test("writes only the part of a buffer that a view shows", () => {
    expect(encodeParameters([new Uint8Array([1, 2, 3, 4]).subarray(1, 3)])).toEqual([String.raw`\x0203`]);
  });

  test("writes years that ISO 8601 writes with a sign as PostgreSQL does", () => {
    expect(encodeParameters([new Date(8.64e15), new Date(Date.UTC(-4712, 0, 1)), new Date("0000-06-01")])).toEqual([
      "275760-09-13T00:00:00.000Z",
      "4713-01-01T00:00:00.000Z BC",
      "0001-06-01T00:00:00.000Z BC",
    ]);
  });

  test.each([[undefined], [{ an: "object" }], [new Date(Number.NaN)], [[undefined]], [[{}]]])("refuses %s", (value) => {
    expect(() => encodeParameters([value as never])).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }));
  });
});
