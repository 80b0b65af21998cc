import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A program of the product that runs as a process of its own. */
export interface RunningProgram {
  readonly pid: number;
  /** What it has written to standard output, once it has ended. @throws Error when it ended with anything but 0 */
  output(): Promise<string>;
  /** Asks it to end, and waits. */
  end(): Promise<void>;
}

const root = new URL("../../../../", import.meta.url);
const flags = ["--conditions=@millrace/source", "--disable-warning=ExperimentalWarning"];

/** Starts a program by its path below the repository's root, with nothing of this process's environment but the path. */
export function startProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  output: "pipe" | number,
): RunningProgram {
  const child = spawn(process.execPath, [...flags, fileURLToPath(new URL(program, root)), ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", output, "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (written.stderr += chunk.toString()));
  const closed = once(child, "close");
  // A run that is cut off leaves none behind.
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.off("exit", kill));
  return {
    pid: child.pid ?? 0,
    async output() {
      await closed;
      if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}:\n${written.stderr}`);
      return written.stdout;
    },
    end: () => end(child, closed),
  };
}

async function end(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await closed;
  clearTimeout(late);
}
