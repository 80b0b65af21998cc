import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { runPnpm, runProgram } from "@millrace/e2e/processes";

import type { Release } from "../releases.ts";
import { root } from "./root.ts";

/** What is started of a release; the last one for the libraries of the handlers. */
const started = ["@millrace/api", "@millrace/worker", "@millrace/migrator", "@millrace/e2e"];
const handlers = "tests/e2e/src";

/**
 * Puts the files of a release into a new folder and installs what its processes need. Its handlers are those of today: a team keeps its own when it upgrades.
 */
export async function checkOut({ ref }: Release, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const archive = join(folder, "release.tar");
  await runProgram("git", ["archive", "--format=tar", "--output", archive, ref], { cwd: root });
  await runProgram("tar", ["-xf", archive], { cwd: folder });
  await rm(archive);
  await cp(join(root, handlers), join(folder, handlers), { recursive: true });
  const filters = started.flatMap((name) => ["--filter", `${name}...`]);
  await runPnpm(["install", "--prod", "--frozen-lockfile", "--prefer-offline", "--ignore-scripts", ...filters], {
    cwd: folder,
  });
}
