import { ConfigError, configExitCode, formatProblems, type Environment } from "@millrace/config";
import { MigrationError } from "@millrace/storage/migrate";

import { createContext } from "./context.ts";
import { exitCodes } from "./exit-codes.ts";
import type { MigratorIo } from "./io.ts";
import { parseCommandLine } from "./parse-command-line.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Runs one command of the migrator and answers the exit code: 0 done, 2 pending (`status --check`), 3 the database and the
 * files disagree, 4 another migrator held the lock, 5 a migration failed, 78 wrong configuration, 1 anything else.
 * `env` is the process's own if undefined.
 */
export async function runMigrator(
  argv: readonly string[],
  env: Environment | undefined,
  io: MigratorIo,
): Promise<number> {
  const name = io.name ?? "millrace-migrator";
  const say = (text: string): void => void io.stderr.write(`${name}: ${text}\n`);
  try {
    const asked = await parseCommandLine(argv, name);
    if ("usage" in asked) {
      io.stdout.write(`${asked.usage}\n`);
      return exitCodes.ok;
    }
    return await asked.run(createContext(env, io));
  } catch (error) {
    if (error instanceof MigrationError) {
      // What is agreed to is the library's, how it is said is this program's.
      say(error.reason === "lossy" ? `${error.message}. Agree to that with --allow-data-loss.` : error.message);
      return error.exitCode;
    }
    if (error instanceof ConfigError) {
      say(`${error.message}.\n${formatProblems(error)}`);
      return configExitCode;
    }
    if (error instanceof UsageError) {
      say(`${error.message} See ${name} --help.`);
      return exitCodes.other;
    }
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.other;
  }
}
