import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openScratch } from "./scratch.ts";

test("what ended processes left is removed, what living ones or those of other hosts use and all else stays", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-scratch-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const ended = spawn(process.execPath, ["--eval", ""]);
  await once(ended, "exit");
  const here = (pid: number | undefined) => `writing-${hostname()}-${pid}-${randomUUID()}`;
  const elsewhere = () => `writing-other-host-${process.pid}-${randomUUID()}`;
  const [fresh, old] = [elsewhere(), elsewhere()];
  const kept = [here(process.ppid), fresh, "writing-", "other"];
  for (const name of [...kept, old, here(process.pid), here(ended.pid)]) {
    await mkdir(join(directory, name, "inside"), { recursive: true });
  }
  const twoDaysAgo = Date.now() / 1_000 - 2 * 86_400;
  await utimes(join(directory, old), twoDaysAgo, twoDaysAgo);
  const first = await openScratch(directory);
  const second = await openScratch(directory);
  expect(new Set(await readdir(directory))).toEqual(new Set([...kept, basename(first), basename(second)]));
});
