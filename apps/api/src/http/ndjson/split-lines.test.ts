import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Line, createLineSplitter } from "./split-lines.ts";

function split(parts: readonly (string | Uint8Array)[], lineBytesMax = 1_000): readonly Line[] {
  const splitter = createLineSplitter(lineBytesMax);
  const lines = parts.flatMap((part) => splitter.push(Buffer.from(part as Uint8Array)));
  return [...lines, ...splitter.end()];
}

describe("lines", () => {
  test("are the same however the body is cut into parts", () => {
    const body = fc
      .array(fc.constantFrom("{}", "\n", "\r\n", " ", "é", "🙂", "\uFEFF", "x".repeat(40), "\u00ff"), { maxLength: 40 })
      .map((texts) => Buffer.from(texts.join("")));
    fc.assert(
      fc.property(body, fc.array(fc.nat(200)), (bytes, cuts) => {
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(split(parts, 60)).toEqual(split([bytes], 60));
      }),
    );
  });

  test("are numbered from one, empty ones too", () => {
    expect(split(["a\n\n \r\nb"])).toEqual([
      { number: 1, text: "a" },
      { number: 4, text: "b" },
    ]);
  });

  test("lose a byte order mark at the start of the body, and nowhere else", () => {
    expect(split(["\uFEFFa\n\uFEFFb"]).map(({ text }) => text)).toEqual(["a", "\uFEFFb"]);
    expect(split([Uint8Array.of(0xef), Uint8Array.of(0xbb, 0xbf), "a"]).map(({ text }) => text)).toEqual(["a"]);
  });

  test("that are no UTF-8 or too long are told, and those around them stay", () => {
    expect(
      split(
        ["a\n", Uint8Array.of(0xff, 0x0a), "x".repeat(11), "\n", "y".repeat(5), "y".repeat(5), "\n", "z".repeat(11)],
        10,
      ),
    ).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: undefined, fault: "not_utf8" },
      { number: 3, text: undefined, fault: "too_long" },
      { number: 4, text: "y".repeat(10) },
      { number: 5, text: undefined, fault: "too_long" },
    ]);
  });

  test("that bring nothing are counted, so that a body without records can be ended", () => {
    const splitter = createLineSplitter(10);
    splitter.push(Buffer.from("\n".repeat(50)));
    splitter.push(Buffer.from(`${"x".repeat(49)}\n`));
    expect(splitter.idleBytes()).toBe(100);
    splitter.push(Buffer.from("{}\n\n\n"));
    expect(splitter.idleBytes()).toBe(2);
  });
});
