import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface RunProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a program to its end and gives what it wrote to its standard output. A failure carries everything that it said. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: RunProgramOptions,
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { cwd, env: { ...outsideEnv(), ...env }, maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Runs the package manager of the workspace, wherever it comes from on this machine. */
export function runPnpm(args: readonly string[], options: RunProgramOptions): Promise<string> {
  return runProgram("npx", ["--yes", "pnpm@12", ...args], options);
}

/** The environment without what the package manager that started us says about its own run. */
function outsideEnv(): NodeJS.ProcessEnv {
  const own = /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|pnpm_|NODE_OPTIONS$|VITEST|NODE_ENV$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
