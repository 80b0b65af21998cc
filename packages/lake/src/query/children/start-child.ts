import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { ChildAnswer, ChildRequest, ChildSettings } from "../protocol.ts";

/** A warm process with one query at a time in it. */
export interface QueryChild {
  readonly pid: number | undefined;
  /** Resolves when the process is gone, with how. */
  readonly exited: Promise<string>;
  /** Resolves when a fresh instance waits; with how much memory its process has kept of earlier queries. Rejects when the process ends. */
  ready(): Promise<number>;
  /** The answer to a request. Rejects with `ChildGone` when the process ends before it. */
  ask(request: ChildRequest): Promise<ChildAnswer>;
  /** Whether an answer is due. */
  isAsked(): boolean;
  interrupt(id: number): void;
  kill(): void;
}

export interface ChildOptions extends ChildSettings {
  readonly fileBytesMax: number;
}

/** What Node and DuckDB take besides a query's data; below 600 MB Node does not start. */
const baseBytes = 768 * 1024 * 1024;

/** Starts a child: no environment, no terminal, no files above the limit, no memory above its own. */
export function startChild({ fileBytesMax, ...settings }: ChildOptions): QueryChild {
  const program = fileURLToPath(
    new URL(`../sandbox/child.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
  );
  const flags = ["--max-old-space-size=128", "--disable-warning=ExperimentalWarning"];
  // From source the packages that it imports are source too: nothing needs to be built first.
  if (program.endsWith(".ts")) flags.push("--conditions=@millrace/source");
  const args = [...flags, program, JSON.stringify(settings)];
  const child = spawn("/bin/sh", ["-c", limited(settings.memoryBytes, fileBytesMax), process.execPath, ...args], {
    cwd: "/",
    env: {},
    // Standard error is read so that a crash can be told; the rest of the protocol has a channel of its own.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  return supervise(child);
}

/** Shells count data in KiB and files in blocks of 512 bytes. Where a limit isn't known (macOS), the other layers stay. */
function limited(memoryBytes: number, fileBytesMax: number): string {
  const dataKib = Math.ceil((memoryBytes + baseBytes) / 1024);
  const fileBlocks = Math.ceil(fileBytesMax / 512);
  const isStrict = process.platform === "linux";
  const limits = [`ulimit -c 0`, `ulimit -d ${dataKib}`, `ulimit -f ${fileBlocks}`];
  const joined = limits.join(isStrict ? " && " : " 2>/dev/null; ");
  return `${joined}${isStrict ? " &&" : ";"} exec "$0" "$@"`;
}

/** The process ended before it answered. */
export class ChildGone extends Error {
  /** It had been told to run a query. */
  readonly hadStarted: boolean;

  constructor(how: string, hadStarted: boolean) {
    super(how);
    this.hadStarted = hadStarted;
  }
}

interface Waiter {
  resolve(answer: ChildAnswer): void;
  reject(error: Error): void;
}

const errorTextMax = 2_000;

function supervise(child: ChildProcess): QueryChild {
  const { promise: exited, resolve: exit } = Promise.withResolvers<string>();
  let asked: Waiter | undefined;
  let hasRun = false;
  let readyWaiter: { resolve(bytes: number): void; reject(error: Error): void } | undefined;
  let grownBytes: number | undefined;
  let gone: ChildGone | undefined;
  /** Its end is certain and not seen yet: nobody is to have it any more. */
  let isKilled = false;
  let errorText = "";

  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    errorText = (errorText + text).slice(-errorTextMax);
  });
  child.on("message", (answer: ChildAnswer) => {
    if (answer.kind === "ready") {
      if (isKilled) return;
      grownBytes = answer.grownBytes;
      readyWaiter?.resolve(answer.grownBytes);
      readyWaiter = undefined;
      return;
    }
    if (answer.kind !== "parsed") grownBytes = undefined;
    asked?.resolve(answer);
    asked = undefined;
  });
  const end = (how: string): void => {
    if (gone !== undefined) return;
    gone = new ChildGone(errorText === "" ? how : `${how}: ${errorText}`, hasRun && asked !== undefined);
    asked?.reject(gone);
    readyWaiter?.reject(gone);
    exit(gone.message);
  };
  child.once("error", (error) => end(error.message));
  child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));

  return {
    pid: child.pid,
    exited,
    ready() {
      if (gone !== undefined) return Promise.reject(gone);
      if (isKilled) return Promise.reject(new ChildGone("killed", false));
      if (grownBytes !== undefined) return Promise.resolve(grownBytes);
      const { promise, ...waiter } = Promise.withResolvers<number>();
      readyWaiter = waiter;
      return promise;
    },
    ask(request) {
      if (gone !== undefined) return Promise.reject(gone);
      const { promise, ...waiter } = Promise.withResolvers<ChildAnswer>();
      asked = waiter;
      hasRun = request.kind === "run";
      // A channel that is already closed says so by the process's end.
      child.send(request, () => undefined);
      return promise;
    },
    isAsked: () => asked !== undefined,
    interrupt(id) {
      if (gone === undefined) child.send({ kind: "interrupt", id } satisfies ChildRequest, () => undefined);
    },
    kill() {
      isKilled = true;
      child.kill("SIGKILL");
    },
  };
}
