import { loadConfig, printConfig, sectionNames } from "@millrace/config";

import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { surroundings } from "../surroundings.ts";
import { warn } from "../warn.ts";

/** Prints the effective configuration with the source of every value. @throws ConfigError */
export async function runConfigPrint(io: CliIo, { json }: { readonly json: boolean }): Promise<number> {
  const loaded = loadConfig({ sections: sectionNames, ...surroundings(io) });
  if (!json) warn(io, loaded.warnings);
  io.stdout.write(`${printConfig(loaded, json ? "json" : "table")}\n`);
  return exitCodes.ok;
}
