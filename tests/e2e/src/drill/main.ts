import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inspect, parseArgs } from "node:util";

import type { RunningProcess } from "../processes/start-process.ts";
import { isFree } from "./is-free.ts";
import { runDrill } from "./run-drill.ts";
import { createSteps } from "./steps.ts";

const { values } = parseArgs({
  options: {
    /** A folder to work in, empty or not there yet, which stays; default one that goes when all was well. */
    folder: { type: "string" },
  },
});

process.exit(await main());

async function main(): Promise<number> {
  const folder =
    values.folder === undefined ? await mkdtemp(join(tmpdir(), "millrace-drill-")) : resolve(values.folder);
  // A data folder of Millrace has its lake in the same place, and the drill deletes what its own catalogue doesn't know.
  if (!(await isFree(folder))) {
    process.stderr.write(`${folder} is not empty. The drill works in an empty folder only: it deletes objects.\n`);
    return 1;
  }
  const historyFolder = join(folder, "history");
  await mkdir(historyFolder, { recursive: true });
  const processes: RunningProcess[] = [];
  const host = {
    folder,
    historyFolder,
    keep(started: RunningProcess) {
      processes.push(started);
      return started;
    },
  };
  try {
    await runDrill(
      host,
      createSteps((line) => process.stdout.write(`${line}\n`)),
    );
    process.stdout.write("The drill has passed.\n");
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
    return 0;
  } catch (error) {
    for (const { name, output } of processes) process.stderr.write(`--- ${name}\n${output()}\n`);
    process.stderr.write(`${inspect(error)}\nWhat it left is in ${folder}.\n`);
    return 1;
  } finally {
    for (const { signal, exit } of processes) if (exit() === undefined) signal("SIGKILL");
  }
}
