import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** True when this process lives and serves this cluster; a process id that went to another program since doesn't count. */
export async function findServer(pid: number, cluster: string): Promise<boolean> {
  return (await commandOf(pid)).includes(cluster);
}

/** The process that started this one, or took it over when that one died. */
export async function parentOf(pid: number): Promise<number> {
  if (process.platform !== "linux") return Number(await ps(pid, "ppid="));
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in brackets, and may hold anything.
  return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform !== "linux") return ps(pid, "command=");
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

async function ps(pid: number, column: string): Promise<string> {
  const answer = await execute("ps", ["-o", column, "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return answer.stdout.trim();
}
