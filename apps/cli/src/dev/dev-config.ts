import { join, resolve } from "node:path";

import { type GivenValue, type LoadedConfig, loadConfig, sectionNames } from "@millrace/config";

import { defaultTenant } from "../default-tenant.ts";
import type { CliIo } from "../io.ts";
import { surroundings } from "../surroundings.ts";
import type { DevFlags } from "./flags.ts";

/** All sections: everything runs here. */
export type DevConfig = LoadedConfig;

/** What is only known once the data folder is open and its database runs. */
export interface Arranged {
  readonly key?: string | undefined;
  readonly databaseUrl?: string | undefined;
}

/**
 * The configuration of `millrace dev`: flags win over everything, and what it arranges by itself stands where nothing is configured.
 * Before that is known, placeholders stand in for it, so that all else can be checked. @throws ConfigError
 */
export function loadDevConfig(io: CliIo, flags: DevFlags, { key, databaseUrl }: Arranged = {}): DevConfig {
  const embedded = {
    value: databaseUrl ?? "postgres://millrace@127.0.0.1/millrace",
    source: "the embedded database",
    developmentOnly: true,
  };
  const given = { value: flags.databaseUrl, source: "--database-url" };
  return loadConfig({
    sections: sectionNames,
    ...surroundings(io),
    overrides: {
      "server.port": { value: flags.port, source: "--port" },
      "database.url": given,
      // A configured way around some pooler leads to another database than this one.
      "database.directUrl": databaseUrl === undefined ? given : { ...embedded, value: databaseUrl },
      "auth.mode": { value: "static", source: "millrace dev", developmentOnly: true },
      ...(flags.apiKey === undefined ? {} : { "auth.staticKeys": staticKey(flags.apiKey, "--api-key") }),
    },
    fallbacks: {
      "database.url": embedded,
      "auth.staticKeys": staticKey(key ?? "placeholder", "the data folder"),
      "logging.level": { value: "warn", source: "millrace dev" },
      "lake.path": { value: join(dataDirOf(io, flags), "lake"), source: "the data folder" },
      "lake.cacheDirectory": { value: join(dataDirOf(io, flags), "cache"), source: "the data folder" },
    },
  });
}

/** Where everything is kept that nobody has given a place. */
export function dataDirOf({ cwd }: CliIo, { dataDir }: DevFlags): string {
  return resolve(cwd, dataDir ?? ".millrace");
}

/** Whether nobody has said which database to use. */
export function usesEmbedded({ sources }: DevConfig): boolean {
  return sources["database.url"]?.layer === "fallback";
}

/** Whether nobody has said which API key to accept. */
export function usesKeptKey({ sources }: DevConfig): boolean {
  return sources["auth.staticKeys"]?.layer === "fallback";
}

/** As a list, in which a comma is a character like any other. */
function staticKey(key: string, source: string): GivenValue {
  return { value: [`${key}:${defaultTenant}`], source, developmentOnly: true };
}
