import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openSpool } from "./spool.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "millrace-spool-"));
});
afterEach(() => rm(parent, { recursive: true }));

test("a folder that has been cleared away is made again", async () => {
  const spool = openSpool(join(parent, "a", "b"));
  await rm(join(parent, "a"), { recursive: true });
  const path = await spool.pathFor(7);
  await writeFile(path, "x");
  expect(await readdir(join(path, ".."))).toEqual(["7"]);
  await spool.close();
  expect(await readdir(join(parent, "a", "b"))).toEqual([]);
});

test("what killed processes left is removed; what others use or own is not", async () => {
  const old = new Date(Date.now() - 3_600_000);
  for (const name of ["millrace-query-dead", "millrace-query-live", "another"]) {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, "1"), "x");
    if (name !== "millrace-query-live") await utimes(join(parent, name), old, old);
  }
  const spool = openSpool(parent);
  await vi.waitFor(async () => expect(await readdir(parent)).not.toContain("millrace-query-dead"));
  await spool.close();
  expect((await readdir(parent)).toSorted()).toEqual(["another", "millrace-query-live"]);
});

test("a folder that can't be written fails with a sentence that names the setting", async () => {
  await writeFile(join(parent, "file"), "x");
  expect(() => openSpool(join(parent, "file"))).toThrow(/can't be written to the folder .*query\.spoolDirectory/);
});
