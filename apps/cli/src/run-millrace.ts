import { exitCodes } from "./exit-codes.ts";
import { explain } from "./explain.ts";
import type { CliIo } from "./io.ts";
import { parseCommandLine } from "./parse-command-line.ts";
import { version } from "./version.ts";

/** Runs one command of `millrace` and answers the exit code: 0 done, 1 failed, 2 wrong command line, 78 wrong configuration. */
export async function runMillrace(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    const asked = await parseCommandLine(argv, version);
    if ("run" in asked) return await asked.run(io);
    io.stdout.write(`${asked.text}\n`);
    return exitCodes.ok;
  } catch (error) {
    const { message, exitCode } = explain(error);
    io.stderr.write(`millrace: ${message}\n`);
    return exitCode;
  }
}
