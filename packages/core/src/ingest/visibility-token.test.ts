import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decodeVisibilityToken, encodeVisibilityToken } from "./visibility-token.ts";

const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a visibility token", () => {
  test("gives back its offset, to its tenant only", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (offset) => {
        const token = encodeVisibilityToken("acme", offset);
        expect(decodeVisibilityToken("acme", token)).toBe(offset);
        expect(codeOf(() => decodeVisibilityToken("acme2", token))).toBe("TOKEN_SCOPE_MISMATCH");
      }),
    );
  });

  test("with any character changed, added or missing is none", () => {
    const token = encodeVisibilityToken("acme", 4_711);
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      expect(codeOf(() => decodeVisibilityToken("acme", changed))).toBe("VISIBILITY_TOKEN_INVALID");
    }
    for (const text of ["", "4711", `${token}A`, `${token}=`, token.slice(1), ` ${token}`, `${token}\n`]) {
      expect(codeOf(() => decodeVisibilityToken("acme", text))).toBe("VISIBILITY_TOKEN_INVALID");
    }
  });
});
