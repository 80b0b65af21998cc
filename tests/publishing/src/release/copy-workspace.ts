import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { runPnpm, runProgram } from "@millrace/e2e/processes";

import { root } from "../published-packages.ts";

/** Copies what git keeps or would keep of the repository, as a repository of its own with one commit, and installs the packages in it. */
export async function copyWorkspace(target: string): Promise<void> {
  const listed = await runProgram("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
  });
  for (const path of listed.split("\0").filter((name) => name !== "")) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    // A file that is deleted and not committed yet is still listed.
    await cp(join(root, path), join(target, path), { recursive: true, verbatimSymlinks: true }).catch(ignoreMissing);
  }
  await runProgram("git", ["init", "--quiet", "--initial-branch=main"], { cwd: target });
  await runProgram("git", ["add", "--all"], { cwd: target });
  await runProgram("git", [...author, "commit", "--quiet", "--message", "The workspace as it is"], { cwd: target });
  const filters = ["--filter", "millrace", "--filter", "./packages/*"];
  await runPnpm(["install", "--frozen-lockfile", "--prefer-offline", "--ignore-scripts", ...filters], {
    cwd: target,
  });
}

/** Who commits and tags in the copy, whatever this machine's git knows of its user. */
export const author = ["-c", "user.name=Release", "-c", "user.email=release@example.com"];

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
