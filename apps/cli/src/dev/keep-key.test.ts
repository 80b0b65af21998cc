import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { parseKey } from "@millrace/auth";

import { Refusal } from "../refusal.ts";
import { keepKey } from "./keep-key.ts";

let folder = "";
let file = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-keep-key-"));
  file = join(folder, "api-key");
});

afterEach(() => rm(folder, { recursive: true }));

describe("keepKey", () => {
  test("makes a key of the usual form, for its owner's eyes only", async () => {
    const key = await keepKey(file);
    expect(parseKey(key)?.start).toMatch(/^mr_dev_/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["api-key"]);
  });

  test("finds it again", async () => expect(await keepKey(file)).toBe(await keepKey(file)));

  test("two starts at once agree", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => keepKey(file)));
    expect(new Set(keys)).toEqual(new Set([(await readFile(file, "utf8")).trim()]));
  });

  test.each(["", "two words", "a\nb"])("refuses a file that holds %j", async (text) => {
    await writeFile(file, text);
    await expect(keepKey(file)).rejects.toThrow(Refusal);
  });
});
