import { stderr, stdout } from "node:process";
import { parseArgs } from "node:util";

import { loadConfig } from "@millrace/config";
import type { Scope } from "@millrace/contract";
import { compose, issueKey } from "@millrace/core";
import { createLogger, createMetrics } from "@millrace/telemetry";

import { explain } from "./explain.ts";
import { version } from "./version.ts";

/**
 * Makes an API key straight in the database, for where the API runs but the `millrace` command does not: in its container. Prints the
 * key alone on standard output: `node dist/create-key.js --name first [--tenant acme] [--scopes jobs:read,jobs:write]`.
 */
async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      name: { type: "string" },
      tenant: { type: "string", default: "default" },
      scopes: { type: "string", default: "*" },
    },
  });
  const { config, profile } = loadConfig({ sections: ["database", "logging"] });
  const logger = createLogger({ service: "create-key", profile, ...config.logging, level: "silent" });
  const metrics = createMetrics({ service: "create-key", version, defaultMetrics: false });
  const parts = await compose(config, { logger, metrics, profile });
  try {
    const scopes = values.scopes.split(",") as Scope[];
    const wanted = { tenantId: values.tenant, name: values.name ?? "", scopes };
    const { key, stored } = await issueKey(parts.keys, wanted, parts.keyKind);
    stderr.write(`Made the key ${stored.id} for the tenant ${stored.tenantId}; it is shown this once.\n`);
    stdout.write(`${key}\n`);
    return 0;
  } finally {
    await parts.close();
  }
}

process.exitCode = await run().catch(explain);
