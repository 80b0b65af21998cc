import { jsonSchema } from "@millrace/config";

import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";

/** Prints the JSON Schema of the configuration file. */
export async function runConfigSchema({ stdout }: CliIo): Promise<number> {
  stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return exitCodes.ok;
}
