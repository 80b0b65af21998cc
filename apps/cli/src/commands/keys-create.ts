import { loadConfig } from "@millrace/config";
import type { Scope } from "@millrace/contract";
import { compose, issueKey } from "@millrace/core";
import { createLogger, createMetrics } from "@millrace/telemetry";

import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { surroundings } from "../surroundings.ts";
import { version } from "../version.ts";
import { warn } from "../warn.ts";

export interface KeysCreateInput {
  readonly databaseUrl: string | undefined;
  readonly name: string;
  /** Checked where the key is made. */
  readonly scopes: readonly string[];
  readonly tenantId: string;
}

/** Makes a key in the database and prints it alone on a line, as a script can take it. @throws ConfigError, VALIDATION_FAILED, UNAVAILABLE */
export async function runKeysCreate(io: CliIo, input: KeysCreateInput): Promise<number> {
  const { databaseUrl, name, scopes, tenantId } = input;
  const { config, profile, warnings } = loadConfig({
    sections: ["database", "logging"],
    ...surroundings(io),
    overrides: { "database.url": { value: databaseUrl, source: "--database-url" } },
  });
  warn(io, warnings);
  const logger = createLogger({ service: "keys", profile, ...config.logging, destination: io.stderr });
  const metrics = createMetrics({ service: "keys", version, defaultMetrics: false });
  const composition = await compose(config, { logger, metrics, profile });
  try {
    const wanted = { tenantId, name, scopes: scopes as readonly Scope[] as Scope[] };
    const { key, stored } = await issueKey(composition.keys, wanted, composition.keyKind);
    io.stderr.write(`Made the key ${stored.id} for the tenant ${stored.tenantId}; it is shown this once.\n`);
    io.stdout.write(`${key}\n`);
  } finally {
    await composition.close();
  }
  return exitCodes.ok;
}
