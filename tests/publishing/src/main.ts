import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runPnpm } from "@millrace/e2e/processes";

import { checkTarball } from "./check/check-tarball.ts";
import { root } from "./published-packages.ts";

const folder = await mkdtemp(join(tmpdir(), "millrace-packages-"));
try {
  const args = ["--filter=./packages/*", "--recursive", "pack", "--pack-destination", folder];
  await runPnpm(args, { cwd: root });
  for (const name of (await readdir(folder)).toSorted()) {
    const faults = await checkTarball(await readFile(join(folder, name)));
    process.stdout.write(`${[`${name}: ${faults.length} faults`, ...faults].join("\n  ")}\n`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
