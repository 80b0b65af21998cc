import { describe, expect, test } from "vitest";

import { type MillraceError } from "@millrace/contract";

import { parseJson } from "./read-json.ts";

function refusal(body: string | Uint8Array): { code: string; message: string } {
  try {
    parseJson(Buffer.from(body));
  } catch (error) {
    const { code, message } = error as MillraceError;
    return { code, message };
  }
  return { code: "none", message: "" };
}

describe("a JSON body", () => {
  test("is taken as it is, with or without a byte order mark", () => {
    expect(parseJson(Buffer.from('{"a":[1,"é"]}'))).toEqual({ a: [1, "é"] });
    expect(parseJson(Buffer.from('\uFEFF{"a":1}'))).toEqual({ a: 1 });
  });

  test("keeps a field called __proto__ as a field", () => {
    const value = parseJson(Buffer.from('{"__proto__":{"admin":true}}')) as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect("admin" in value).toBe(false);
  });

  test.each([
    ["", "The body is empty; send a JSON object."],
    ['{"a":}', 'The body is not valid JSON: there is an unexpected "}".'],
    ['{"a"', "The body is not valid JSON at position 4 (line 1 column 5)."],
    [" ", "The body is not valid JSON: it ends too early."],
    ['{"a":1', "The body is not valid JSON at position 6 (line 1 column 7)."],
    ["{", "The body is not valid JSON at position 1 (line 1 column 2)."],
    ["secret", 'The body is not valid JSON: there is an unexpected "s".'],
    ["NaN", "The body is not valid JSON."],
  ])("that is none is refused with the place where it ends to be: %j", (body, message) => {
    expect(refusal(body)).toEqual({ code: "MALFORMED_JSON", message });
  });

  test.each([[[0xff, 0xfe]], [[0x22, 0xc0, 0xa0, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
    "that is not UTF-8 is refused: %j",
    (bytes) => {
      expect(refusal(Uint8Array.from(bytes))).toEqual({
        code: "MALFORMED_JSON",
        message: "The body is not valid UTF-8.",
      });
    },
  );

  test("whose readers would disagree is refused", () => {
    expect(refusal('{"a":1,"a":2}').code).toBe("VALIDATION_FAILED");
  });
});
