import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openScratch } from "./scratch.ts";

test("what ended processes left is removed, what living ones use and all else stays", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-scratch-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const ended = spawn(process.execPath, ["--eval", ""]);
  await once(ended, "exit");
  const kept = [`writing-${process.ppid}-a`, "writing-", "other"];
  for (const name of [...kept, `writing-${process.pid}-earlier`, `writing-${ended.pid}-b`]) {
    await mkdir(join(directory, name, "inside"), { recursive: true });
  }
  const first = await openScratch(directory);
  const second = await openScratch(directory);
  expect(new Set(await readdir(directory))).toEqual(new Set([...kept, basename(first), basename(second)]));
});
