import { mkdir, mkdtemp, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { linkLibraries } from "./binaries.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "millrace-binaries-"));
  await mkdir(join(root, "native", "lib"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

function link(): Promise<void> {
  const bin = join(root, "native", "bin");
  return linkLibraries({ postgres: join(bin, "postgres"), initdb: join(bin, "initdb") });
}

test("libraries get the names that an install without scripts has left out, and keep those they have", async () => {
  const links = [
    { source: "native/lib/libone.so.1.2", target: "native/lib/libone.so.1" },
    { source: "native/lib/libtwo.so.3.4", target: "native/lib/libtwo.so" },
  ];
  await writeFile(join(root, "native", "pg-symlinks.json"), JSON.stringify(links));
  await writeFile(join(root, "native", "lib", "libtwo.so"), "a library of that name");
  await link();
  await link();
  expect(await readlink(join(root, "native", "lib", "libone.so.1"))).toBe("libone.so.1.2");
  await expect(readlink(join(root, "native", "lib", "libtwo.so"))).rejects.toMatchObject({ code: "EINVAL" });
});

test("a package without a list of links needs none", async () => {
  await expect(link()).resolves.toBeUndefined();
});
