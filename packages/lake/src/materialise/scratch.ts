import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const folderName = /^writing-(?<pid>\d+)-/;
/** Folders that this process has made: after a restart in a container the process id is the same. */
const ours = new Set<string>();

/**
 * Makes a folder below `directory` for files that this process is about to upload, and removes those of processes that have ended without
 * removing theirs: nobody else knows of them.
 */
export async function openScratch(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const folder = join(directory, name);
    const pid = Number(folderName.exec(name)?.groups?.["pid"] ?? Number.NaN);
    const isLeft = pid === process.pid ? !ours.has(folder) : !Number.isNaN(pid) && !isAlive(pid);
    if (isLeft) await rm(folder, { recursive: true, force: true });
  }
  const scratch = join(directory, `writing-${process.pid}-${randomUUID()}`);
  ours.add(scratch);
  await mkdir(scratch);
  return scratch;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user lives, too.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
