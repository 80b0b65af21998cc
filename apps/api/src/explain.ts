import { stderr } from "node:process";

import { ConfigError, configExitCode, formatProblems } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";

/** Says what is wrong, for a person; answers the exit code that says so. */
export function explain(error: unknown): number {
  if (error instanceof ConfigError) {
    stderr.write(`${error.message}\n${formatProblems(error)}\n`);
    return configExitCode;
  }
  if (isMillraceError(error)) {
    stderr.write(`${[error.message, ...error.errors.map(({ path, message }) => `${path}: ${message}`)].join("\n")}\n`);
  } else if (error instanceof TypeError && "code" in error) {
    // How Node refuses an unknown flag.
    stderr.write(`${error.message}\n`);
  } else {
    stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  return 1;
}
