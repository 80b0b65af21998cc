import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFailed, onTestFinished, test } from "vitest";

import { startProcess } from "./processes/start-process.ts";

test(
  "the drill goes back in time from a base backup and an archived log, and finds everything of then, nothing twice and nothing deleted too soon",
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-e2e-drill-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const program = "tests/e2e/src/drill/main.ts";
    const drill = startProcess({ name: "drill", program, args: ["--folder", folder], cwd: folder, env: {} });
    onTestFinished(() => drill.signal("SIGKILL"));
    onTestFailed(() => void process.stderr.write(drill.output()));
    const { code } = await drill.exited;
    expect({ code, last: drill.lines().at(-1)?.text }).toEqual({ code: 0, last: "The drill has passed." });
    // What it has worked with is real: a backup with its label, and segments of two timelines' history.
    expect(await readdir(join(folder, "backup"))).toContain("backup_label");
    expect((await readdir(join(folder, "archive"))).some((name) => /^[0-9A-F]{24}$/.test(name))).toBe(true);
  },
);

test("the drill leaves a folder alone that has something in it, such as somebody's lake", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-e2e-drill-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const object = join(folder, "lake", "1", "a.parquet");
  await mkdir(join(folder, "lake", "1"), { recursive: true });
  await writeFile(object, "theirs");
  const program = "tests/e2e/src/drill/main.ts";
  const drill = startProcess({ name: "drill", program, args: ["--folder", folder], cwd: folder, env: {} });
  onTestFinished(() => drill.signal("SIGKILL"));
  expect(await drill.exited).toEqual({ code: 1, signal: null });
  expect(drill.output()).toContain(`${folder} is not empty`);
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(["lake", "lake/1", "lake/1/a.parquet"]);
  expect(await readFile(object, "utf8")).toBe("theirs");
});
