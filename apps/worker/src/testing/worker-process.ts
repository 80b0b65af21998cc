import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { patientEnv } from "@millrace/storage/testing";

/** The worker as a process of its own, as in production. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything written so far, standard error included. */
  output(): string;
  /** Resolves once this was written. */
  wrote(text: string): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const running = new Set<ChildProcess>();

/** Starts one from source. `env` is all that it is told. */
export function startWorkerProcess(env: Readonly<Record<string, string>>, cwd?: string): WorkerProcess {
  const child = spawn(process.execPath, ["--conditions=@millrace/source", main], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      MILLRACE_PROFILE: "test",
      MILLRACE_LOGGING_LEVEL: "info",
      ...patientEnv,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  let waiters: { readonly text: string; readonly resolve: () => void }[] = [];
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    waiters = waiters.filter(({ text, resolve }) => {
      if (!output.includes(text)) return true;
      resolve();
      return false;
    });
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const ended = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    running.delete(child);
    return code ?? signal ?? "SIGKILL";
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    async wrote(text) {
      const written = new Promise<void>((resolve) => waiters.push({ text, resolve }));
      read(Buffer.alloc(0));
      const early = ended.then((code) => {
        throw new Error(`The worker ended with ${code} before it wrote ${text}:\n${output}`);
      });
      await Promise.race([written, early]);
    },
    ended,
  };
}

/** Kills all that are left. */
export async function killWorkerProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    }),
  );
}
