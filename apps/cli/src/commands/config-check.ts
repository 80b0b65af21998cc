import { loadConfig, sectionNames } from "@millrace/config";

import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { surroundings } from "../surroundings.ts";
import { warn } from "../warn.ts";

/** Says that the configuration is valid. @throws ConfigError if it isn't */
export async function runConfigCheck(io: CliIo): Promise<number> {
  const { profile, warnings } = loadConfig({ sections: sectionNames, ...surroundings(io) });
  warn(io, warnings);
  io.stdout.write(`The configuration is valid (profile ${profile}).\n`);
  return exitCodes.ok;
}
