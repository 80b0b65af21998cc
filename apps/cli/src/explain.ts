import { ConfigError, formatProblems } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";

import { exitCodes } from "./exit-codes.ts";
import { Refusal } from "./refusal.ts";
import { UsageError } from "./usage-error.ts";

export interface Explanation {
  readonly message: string;
  readonly exitCode: number;
}

/** What to say about an error to the person at the terminal, and how to exit; never a stack. */
export function explain(error: unknown): Explanation {
  if (error instanceof UsageError) {
    return { message: `${error.message} See ${error.command} --help.`, exitCode: exitCodes.usage };
  }
  if (error instanceof ConfigError) {
    return { message: `${error.message}.\n${formatProblems(error)}`, exitCode: exitCodes.config };
  }
  // Errors of ours have a sentence for their message.
  if (error instanceof Refusal) return { message: error.message, exitCode: exitCodes.failed };
  if (isMillraceError(error)) {
    const fields = error.errors.map(({ path, message }) => `${path}: ${message}`);
    return { message: [sentence(error.message), ...fields].join(" "), exitCode: exitCodes.failed };
  }
  return { message: `Something unexpected went wrong: ${describe(error)}.`, exitCode: exitCodes.failed };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A fault of ours: its place is what a report of it needs. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /\(?((?:file:|\/|[A-Z]:\\)[^\s()]+:\d+):\d+\)?$/m.exec(error.stack ?? "")?.[1];
  const what = `${error.name}: ${error.message.split("\n")[0]?.replace(/\.$/, "")}`;
  return place === undefined ? what : `${what} (${place})`;
}
