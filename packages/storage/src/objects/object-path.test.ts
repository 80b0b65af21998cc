import { describe, expect, test } from "vitest";

import { checkByteRange, checkObjectPrefix, isObjectPath } from "./object-path.ts";

describe("paths of objects", () => {
  test.each(["a", "3/17/0198a.parquet", "A-b_c.9", ".hidden", "...", "a".repeat(200)])("%s names one", (path) =>
    expect(isObjectPath(path)).toBe(true),
  );

  test.each([
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "a b",
    "a\\b",
    "a\0",
    "a\n",
    "ä",
    "a~b",
    "%2e%2e/a",
    "a".repeat(201),
    `${"a/".repeat(450)}a`,
  ])("%j names none", (path) => expect(isObjectPath(path)).toBe(false));

  test.each(["", "3/", "3/17/", "3/1", "3/.", ".."])("%j is what paths may start with", (prefix) =>
    expect(() => checkObjectPrefix(prefix)).not.toThrow(),
  );

  test.each(["/", "../", "3//", "3/../", "a b"])("%j is not", (prefix) =>
    expect(() => checkObjectPrefix(prefix)).toThrow(expect.objectContaining({ code: "INTERNAL" })),
  );

  test.each([
    [-1, 1],
    [2, 1],
    [0.5, 1],
    [0, Number.POSITIVE_INFINITY],
  ])("there are no bytes from %s to %s", (start, end) =>
    expect(() => checkByteRange({ start, end })).toThrow(expect.objectContaining({ code: "INTERNAL" })),
  );
});
