import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const folderName = /^writing-(?<host>[A-Za-z0-9.-]+)-(?<pid>\d+)-[0-9a-f]{8}-/;
/** Folders that this process has made: after a restart in a container the process id is the same. */
const ours = new Set<string>();
/** Whether a process of another machine lives can't be seen from here; nothing is written for so long. */
const foreignAgeMsMax = 24 * 3_600_000;

/**
 * Makes a folder below `directory` for files that this process is about to upload, and removes those of processes that have ended without
 * removing theirs: nobody else knows of them. Containers may share the directory: each has a host name of its own, and in each the process may have the same id.
 */
export async function openScratch(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const folder = join(directory, name);
    if (await isLeft(name, folder)) await rm(folder, { recursive: true, force: true });
  }
  const scratch = join(directory, `writing-${hostname()}-${process.pid}-${randomUUID()}`);
  ours.add(scratch);
  await mkdir(scratch);
  return scratch;
}

async function isLeft(name: string, folder: string): Promise<boolean> {
  const { host, pid } = folderName.exec(name)?.groups ?? {};
  if (host === undefined || ours.has(folder)) return false;
  if (host !== hostname()) return (await ageMs(folder)) > foreignAgeMsMax;
  return Number(pid) === process.pid || !isAlive(Number(pid));
}

async function ageMs(folder: string): Promise<number> {
  const found = await stat(folder).catch(() => undefined);
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user lives, too.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
