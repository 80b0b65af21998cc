import { ConfigError, configExitCode, formatProblems } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";

/** What ends a process, for the person who reads its standard error. */
export interface ExplainedFailure {
  readonly message: string;
  /** 78 for a wrong configuration, as sysexits has it, else 1. */
  readonly exitCode: number;
}

/** Puts into words why a process can't start or go on: every problem of a configuration, the sentence of an error of ours, the stack of a fault. */
export function explainFailure(error: unknown): ExplainedFailure {
  if (error instanceof ConfigError) {
    return { message: `${error.message}\n${formatProblems(error)}`, exitCode: configExitCode };
  }
  if (isMillraceError(error)) {
    const fields = error.errors.map(({ path, message }) => `${path}: ${message}`);
    return { message: [error.message, ...fields].join("\n"), exitCode: 1 };
  }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}
