import type { Environment } from "@millrace/config";

import type { CliIo } from "./io.ts";

/** Where `loadConfig` is to look. */
export function surroundings({ cwd, env }: CliIo): { readonly cwd: string; readonly env?: Environment } {
  return env === undefined ? { cwd } : { cwd, env };
}
