import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** One line of output: the fields of a JSON log line, or just the text. */
export interface Line {
  readonly text: string;
  readonly msg?: unknown;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of this repository that runs as a process of its own. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Everything that it has written so far. */
  output(): string;
  lines(): readonly Line[];
  /** The first line like this, written already or to come. Rejects when the process ends without. */
  line(isIt: (line: Line) => boolean): Promise<Line>;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** How it ended; undefined while it runs. */
  exit(): Exit | undefined;
}

/** Where processes run and write their histories, and who ends them. */
export interface ProcessHost {
  readonly folder: string;
  readonly historyFolder: string;
  /** Ends the process when all is over. */
  keep(started: RunningProcess): RunningProcess;
}

export interface ProcessOptions {
  readonly name: string;
  /** Path of the program below the repository's root. */
  readonly program: string;
  /** Another checkout of the repository, to run its program; default this one. */
  readonly root?: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Watcher {
  readonly isIt: (line: Line) => boolean;
  readonly resolve: (line: Line) => void;
}

const here = fileURLToPath(new URL("../../../../", import.meta.url));
const flags = ["--conditions=@millrace/source", "--disable-warning=ExperimentalWarning"];
const preload = new URL("end-with-parent.ts", import.meta.url).href;

/** Starts a program from its source, with nothing of the test's own environment but the path. */
export function startProcess({ name, program, root = here, args = [], cwd, env }: ProcessOptions): RunningProcess {
  const main = join(root, program);
  const child = spawn(process.execPath, [...flags, `--import=${preload}`, main, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  return watchProcess(name, child);
}

/** Watches a process that has just been spawned, and reads what it writes. */
export function watchProcess(name: string, child: ChildProcess): RunningProcess {
  const lines: Line[] = [];
  const watchers = new Set<Watcher>();
  let exit: Exit | undefined;

  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (text) => {
      const line = parseLine(text);
      lines.push(line);
      for (const watcher of watchers) if (watcher.isIt(line)) watcher.resolve(line);
    });
  }
  const output = () => lines.map(({ text }) => text).join("\n");
  const exited = once(child, "close").then(([code, signal]): Exit => {
    exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
    return exit;
  });
  return {
    name,
    pid: child.pid ?? 0,
    output,
    lines: () => lines,
    async line(isIt) {
      const found = lines.find(isIt);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<Line>();
      const watcher = { isIt, resolve };
      watchers.add(watcher);
      const never = exited.then(({ code, signal }): never => {
        throw new Error(`${name} ended (${code ?? signal}) without the line that was waited for:\n${output()}`);
      });
      try {
        return await Promise.race([promise, never]);
      } finally {
        watchers.delete(watcher);
      }
    },
    signal: (signal) => void child.kill(signal),
    exited,
    exit: () => exit,
  };
}

function parseLine(text: string): Line {
  try {
    return { ...(JSON.parse(text) as object), text };
  } catch {
    return { text };
  }
}
