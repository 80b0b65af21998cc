import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { MigrationError, up } from "@millrace/storage/migrate";

import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";
import type { DevConfig } from "./dev-config.ts";

/** Brings the database to the schema of this build. @throws Refusal */
export async function migrate({ cwd, signal }: CliIo, loaded: DevConfig, embedded: boolean): Promise<void> {
  const { url, directUrl = url, ssl, sslCaFile } = loaded.config.database;
  const trust = sslCaFile === undefined ? ssl : { ca: readFileSync(resolve(cwd, sslCaFile), "utf8") };
  try {
    await up({ url: directUrl, ssl: trust, signal });
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    if (error.reason === "aborted") return;
    const { label } = loaded.sources["database.url"] ?? { label: "the configuration" };
    const hint = embedded
      ? "Update Millrace, or start over with --reset; what the database holds is then gone."
      : `The database is the one of ${label}.`;
    throw new Refusal(`${error.message} ${hint}`, { cause: error });
  }
}
