import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { readSecretFile } from "./secret-file.ts";
import { folderWith } from "./testing-folder.ts";

const read = (content: string | Uint8Array) => readSecretFile(join(folderWith({ secret: content }), "secret"));

describe("secret files", () => {
  test.each([
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n", "s3cret"],
    ["s3cret\n\n", "s3cret\n"],
    ["x".repeat(65_536), "x".repeat(65_536)],
  ])("only one trailing line break is dropped", (content, text) => expect(read(content)).toEqual({ text }));

  test.each([
    ["", "is empty"],
    ["\n", "is empty"],
    [" \n\n", "is empty"],
    ["x".repeat(65_537), "is larger than 64KiB"],
    [Uint8Array.of(0xff, 0xfe, 0x41), "is not UTF-8 text"],
  ])("unusable content is refused (%#)", (content, refusal) => expect(read(content)).toEqual({ refusal }));

  test("a missing file and a folder are refused", () => {
    const folder = folderWith();
    mkdirSync(join(folder, "inner"));
    expect(readSecretFile(join(folder, "none"))).toEqual({ refusal: "cannot be read (ENOENT)" });
    expect(readSecretFile(join(folder, "inner"))).toEqual({ refusal: "is not a file" });
  });
});
