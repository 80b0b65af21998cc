import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A `millrace` that runs as a process of its own. */
export interface MillraceProcess {
  /** Everything it has written to standard output, and to standard error. */
  output(): string;
  errors(): string;
  /** Resolves when standard output has this; rejects when the process ends without. */
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Starts `millrace` with nothing of the test's own environment but the path. */
export function runProcess(args: readonly string[], { cwd, env }: RunOptions = {}): MillraceProcess {
  const options = ["--conditions=@millrace/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, main, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  return {
    output: () => output,
    errors: () => errors,
    async printed(text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (output.includes(text)) resolve();
      };
      child.stdout.on("data", look);
      look();
      const ended = exited.then(({ code }) => {
        if (!output.includes(text))
          throw new Error(`It ended with ${code} before it printed "${text}": ${errors}${output}`);
      });
      await Promise.race([promise, ended]).finally(() => child.stdout.off("data", look));
    },
    kill: (signal) => void child.kill(signal),
    exited,
  };
}

/** Runs `millrace` to its end. */
export async function runToEnd(
  args: readonly string[],
  options?: RunOptions,
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const run = runProcess(args, options);
  const { code } = await run.exited;
  return { code, output: run.output(), errors: run.errors() };
}
