import type { CliIo } from "./io.ts";

/** Tells what is allowed but probably not meant. */
export function warn({ stderr }: CliIo, warnings: readonly string[]): void {
  for (const warning of warnings) stderr.write(`millrace: ${warning}.\n`);
}
