import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { loadConfig, type Config, type Environment } from "@millrace/config";
import type { ConnectionOptions } from "@millrace/storage/migrate";
import { createLogger, type Logger } from "@millrace/telemetry";

import type { MigratorIo } from "./io.ts";

/** What every command works with. */
export interface MigratorContext {
  readonly io: MigratorIo;
  readonly connection: ConnectionOptions;
  readonly logger: Logger;
}

/** Reads the configuration. Migrations go to `database.directUrl`, past any pooler, if there is one. @throws ConfigError */
export function createContext(env: Environment | undefined, io: MigratorIo): MigratorContext {
  const { config, profile } = loadConfig({ sections: ["database", "logging"], ...(env === undefined ? {} : { env }) });
  const { level, format, redact } = config.logging;
  return {
    io,
    connection: { url: config.database.directUrl ?? config.database.url, ssl: readSsl(config.database) },
    logger: createLogger({ service: "migrator", profile, level, format, redact, destination: io.stdout }),
  };
}

function readSsl({ ssl, sslCaFile }: Config["database"]): ConnectionOptions["ssl"] {
  return sslCaFile === undefined ? ssl : { ca: readFileSync(resolve(sslCaFile), "utf8") };
}
