import { expect, test } from "vitest";

import { runMigrator } from "./run-migrator.ts";

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const io = {
    stdout: { write: (chunk: string) => (stdout += chunk) },
    stderr: { write: (chunk: string) => (stderr += chunk) },
  };
  const code = await runMigrator(argv, {}, io);
  return { code, stdout, stderr };
}

test.each([
  [
    "an unknown command",
    ["frob"],
    'There is no command "frob"; there are up, down, status, plan, verify, after-restore.',
  ],
  [
    "a name that every object has",
    ["constructor"],
    'There is no command "constructor"; there are up, down, status, plan, verify, after-restore.',
  ],
  ["a mistyped flag", ["up", "--too", "3"], "Unknown option '--too'."],
  ["a mistyped flag without a command", ["--too", "3"], "Unknown option '--too'."],
  ["a flag of another command", ["plan", "--allow-data-loss"], "Unknown option '--allow-data-loss'."],
  ["a flag without its value", ["up", "--to"], "Option '--to <value>' argument missing."],
  ["a word too many", ["status", "all"], "Unexpected argument 'all'."],
  ["a version that is none", ["up", "--to", "latest"], '--to takes the number of a migration, not "latest".'],
  ["a down without a target", ["down"], "--to is missing."],
  ["a time that is none", ["up", "--lock-wait", "soon"], '--lock-wait takes a time like 500ms, 30s or 5m, not "soon".'],
])("%s is refused before anything is read or connected", async (_, argv, sentence) => {
  expect(await run(...argv)).toEqual({
    code: 1,
    stdout: "",
    stderr: `millrace-migrator: ${sentence} See millrace-migrator --help.\n`,
  });
});

test.each([[["--help"]], [["-h"]], [["help"]]])("%j names every command", async (argv) => {
  const { code, stdout, stderr } = await run(...argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const command of ["up", "down", "status", "plan", "verify", "after-restore"]) {
    expect(stdout).toMatch(new RegExp(`^ +${command} `, "m"));
  }
});

test("the help of a command names its flags", async () => {
  const { code, stdout } = await run("down", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("--to=<version>");
  expect(stdout).toContain("--allow-data-loss");
  expect(stdout).toContain("--lock-wait=<time>");
});

test("without a database in the configuration it exits with 78 and says which name to set", async () => {
  const { code, stderr } = await run("up");
  expect(code).toBe(78);
  expect(stderr).toContain("MILLRACE_DATABASE_URL");
});
