import { stderr } from "node:process";

import { explainFailure } from "@millrace/core";

/** Says what is wrong, for a person; answers the exit code that says so. */
export function explain(error: unknown): number {
  // How Node refuses an unknown flag.
  const isFlag = error instanceof TypeError && "code" in error;
  const { message, exitCode } = isFlag ? { message: error.message, exitCode: 1 } : explainFailure(error);
  stderr.write(`${message}\n`);
  return exitCode;
}
