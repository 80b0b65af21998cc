import { assert, constantFrom, nat, property, string } from "fast-check";
import { describe, expect, test } from "vitest";

import { hashKey, keyPattern, mintKey, parseKey } from "./key-format.ts";

describe("an API key", () => {
  test("has the documented format and survives being taken apart", () => {
    for (const kind of ["live", "dev"] as const) {
      const { key, start, hash } = mintKey(kind);
      expect(key).toMatch(keyPattern);
      expect(key.startsWith(`mr_${kind}_`)).toBe(true);
      expect(parseKey(key)).toEqual({ start, digest: hash.toString("base64") });
      expect(hash).toEqual(hashKey(key));
      expect(start).toHaveLength(`mr_${kind}_`.length + 16);
    }
  });

  test("is never drawn twice", () => {
    const keys = Array.from({ length: 2_000 }, () => mintKey("live"));
    expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length);
    expect(new Set(keys.map(({ start }) => start)).size).toBe(keys.length);
  });

  test("uses every character of the alphabet about equally often", () => {
    const counts = new Map<string, number>();
    const characters = Array.from({ length: 3_000 }, () => mintKey("live").key.slice(8, 56)).join("");
    for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
    const expected = characters.length / 62;
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - expected) / expected).toBeLessThan(0.15);
  });

  test("with any one character changed is known to be mistyped", () => {
    assert(
      property(nat(61), constantFrom("0", "a", "Z", "9", "_", "é", " "), (at, character) => {
        const { key } = mintKey("live");
        const changed = key.slice(0, at) + character + key.slice(at + 1);
        return changed === key || parseKey(changed) === undefined;
      }),
    );
  });

  test("is never made out of arbitrary text", () => {
    assert(property(string(), (text) => parseKey(text) === undefined));
  });
});
