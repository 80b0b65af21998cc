import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
// Each test starts Vitest once more, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const passing = 'test("passes", () => {});';

/** Runs Vitest with the reporter on these files, in a process of its own. */
async function run(files: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly last: string }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-counts-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const reporter = JSON.stringify(resolve(import.meta.dirname, "counts-reporter.ts"));
  const setup = "setup.ts" in files ? ', globalSetup: "setup.ts"' : "";
  await writeFile(
    join(folder, "vitest.config.ts"),
    `import { createCountsReporter } from ${reporter};
    export default { test: { globals: true, reporters: ["default", createCountsReporter()]${setup} } };`,
  );
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return new Promise((done) => {
    const vitest = resolve(root, "node_modules/vitest/vitest.mjs");
    execFile(process.execPath, [vitest, "run"], { cwd: folder }, (error, stdout) => {
      done({ code: Number(error?.code ?? 0), last: stdout.trimEnd().split("\n").at(-1) ?? "" });
    });
  });
}

test("a run that passes ends with its counts and exits with 0", async () => {
  expect(await run({ "a.test.ts": passing, "b.test.ts": `${passing} test.skip("later", () => {});` })).toEqual({
    code: 0,
    last: "2 passed, 0 failed, 1 skipped",
  });
});

test("files that can't be imported, broken set-ups and unhandled errors count as failed", async () => {
  const result = await run({
    "failing.test.ts": `${passing} test("fails", () => { throw new Error("no"); });`,
    "import.test.ts": `import "./absent.ts"; ${passing}`,
    "set-up.test.ts": `describe("suite", () => { beforeAll(() => { throw new Error("no"); }); ${passing} });`,
    "late.test.ts": 'test("rejects unwatched", () => { void Promise.reject(new Error("late")); });',
  });
  expect(result).toEqual({ code: 1, last: "2 passed, 4 failed, 1 skipped" });
});

test("a test that writes to the console fails the run", async () => {
  expect(await run({ "a.test.ts": 'test("prints", () => { console.log("here"); });' })).toEqual({
    code: 1,
    last: "1 passed, 1 failed",
  });
});

test("a run that breaks before its first test reports a failure", async () => {
  const result = await run({ "a.test.ts": passing, "setup.ts": 'export function setup() { throw new Error("no"); }' });
  expect(result).toEqual({ code: 1, last: "0 passed, 1 failed" });
});

test("a run without any test reports a failure", async () => {
  expect(await run({})).toEqual({ code: 1, last: "0 passed, 1 failed" });
});
