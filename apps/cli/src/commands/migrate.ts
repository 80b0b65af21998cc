import { runMigrator } from "@millrace/migrator";

import type { CliIo } from "../io.ts";

/** Runs a command of the migrator and answers its exit code. */
export async function runMigrate({ stdout, stderr, signal, env }: CliIo, argv: readonly string[]): Promise<number> {
  return runMigrator(argv, env, { stdout, stderr, signal, name: "millrace migrate" });
}
