import { readFileSync } from "node:fs";

/** The version of this package: both source and build lie one folder below its package.json. */
export const version = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { readonly version: string }
).version;
