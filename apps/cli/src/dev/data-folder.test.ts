import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { Refusal } from "../refusal.ts";
import { openDataFolder } from "./data-folder.ts";

let parent = "";
let path = "";

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "millrace-data-folder-"));
  path = join(parent, "data");
});

afterEach(() => rm(parent, { recursive: true }));

const open = (reset = false) => openDataFolder(path, { reset });
const make = async (reset = false) => (await open(reset)).stop(0);

describe("a data folder", () => {
  test("is made with its parents, marked as ours and kept out of version control", async () => {
    path = join(path, "deeper");
    await make();
    expect((await readdir(path)).toSorted()).toEqual([".gitignore", "lock", "millrace-data"]);
  });

  test("may be an empty one that is there", async () => {
    await mkdir(path);
    await make();
    await expect(make()).resolves.toBeUndefined();
  });

  test("may be one in which only a lake is, of a start with another database", async () => {
    await mkdir(join(path, "lake"), { recursive: true });
    await make();
    expect(await readdir(path)).toContain("lake");
  });

  test("is not made where somebody keeps other things", async () => {
    await mkdir(path);
    await writeFile(join(path, "thesis.txt"), "");
    await expect(open()).rejects.toThrow(/holds other things/);
    expect(await readdir(path)).toEqual(["thesis.txt"]);
  });

  test.each([
    ["itself", () => path],
    ["above it", () => join(path, "data")],
  ])("is refused with a sentence where a file stands in the way, %s", async (_, at) => {
    await writeFile(path, "");
    await expect(openDataFolder(at(), { reset: false })).rejects.toThrow(/can't be made: a file is in the way/);
  });

  test("is for one process at a time", async () => {
    const first = await open();
    await expect(open()).rejects.toThrow(/Another `millrace dev` is running/);
    await first.stop(0);
    await make();
  });

  test("is free again at once when its process was killed", async () => {
    await make();
    const source = `
      import { openDataFolder } from ${JSON.stringify(new URL("data-folder.ts", import.meta.url).href)};
      globalThis.kept = await openDataFolder(${JSON.stringify(path)}, { reset: false });
      process.send("locked");
      setInterval(() => {}, 60_000);
    `;
    const script = join(parent, "holder.mjs");
    await writeFile(script, source);
    const holder = fork(script, { execArgv: ["--conditions=@millrace/source"] });
    onTestFinished(() => void holder.kill("SIGKILL"));
    await once(holder, "message");
    await expect(open()).rejects.toThrow(Refusal);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await make();
  });
});

describe("--reset", () => {
  test("empties a folder of ours, and leaves a usable one", async () => {
    await make();
    await mkdir(join(path, "postgres", "cluster"), { recursive: true });
    await writeFile(join(path, "api-key"), "old");
    const folder = await open(true);
    expect(folder.hasDatabase).toBe(false);
    expect((await readdir(path)).toSorted()).toEqual([".gitignore", "lock", "millrace-data"]);
    await folder.stop(0);
  });

  test("touches nothing that isn't ours", async () => {
    await mkdir(join(path, "photos"), { recursive: true });
    await expect(open(true)).rejects.toThrow(/Nothing was removed/);
    expect(await readdir(path)).toEqual(["photos"]);
  });

  test("touches nothing while another process uses the folder", async () => {
    const first = await open();
    await writeFile(join(path, "api-key"), "kept");
    await expect(open(true)).rejects.toThrow(/Another `millrace dev` is running/);
    expect(await readdir(path)).toContain("api-key");
    await first.stop(0);
  });
});
