import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Pastes a line into a shell of its own, as a person would, and answers what the terminal then shows. */
export async function paste(shell: string, line: string): Promise<string> {
  const { stdout, stderr } = await execute(shell, ["-c", line]);
  return stderr + stdout;
}

/** The shells of this machine that printed commands must work in, where there is curl. */
export async function shells(): Promise<readonly string[]> {
  const found = await Promise.all(["bash", "sh", "zsh"].map(async (shell) => ((await works(shell)) ? [shell] : [])));
  return found.flat();
}

async function works(shell: string): Promise<boolean> {
  return execute(shell, ["-c", "command -v curl"]).then(
    () => true,
    () => false,
  );
}
