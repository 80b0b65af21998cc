import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runProgram } from "@millrace/e2e/processes";

import { whyUnavailable } from "./why-unavailable.ts";

test("upgrades are tried in a whole clone alone; in a shallow one, one without the release, and where there is none, the reason is said", async ({
  onTestFinished,
}) => {
  const cwd = await mkdtemp(join(tmpdir(), "millrace-upgrade-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const git = (...args: readonly string[]) => runProgram("git", args, { cwd });
  const commit = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--allow-empty"];
  await git("init", "--quiet", "whole");
  for (const message of ["one", "two"]) await git("-C", "whole", ...commit, "--message", message);
  await git("clone", "--quiet", "--depth", "1", `file://${join(cwd, "whole")}`, "shallow");

  const old = "f".repeat(40);
  expect(await whyUnavailable(join(cwd, "whole"), ["HEAD~1"])).toBeUndefined();
  expect(await whyUnavailable(join(cwd, "whole"), ["HEAD", old])).toContain(old);
  expect(await whyUnavailable(join(cwd, "shallow"))).toMatch(/shallow/);
  expect(await whyUnavailable(cwd)).toMatch(/no clone/);
});
