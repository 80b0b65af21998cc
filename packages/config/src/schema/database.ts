import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";

import { z } from "zod";

import { redactUrl } from "../redact.ts";
import { type Rule, defineSection, keyNotes } from "./section.ts";
import { durationMs, flag, integer, oneOf, postgresUrl, text } from "./values.ts";

const second = 1_000;
const minute = 60 * second;

const schema = z.strictObject({
  url: postgresUrl().register(keyNotes, {
    description: "Where PostgreSQL is. May be a pooler in transaction mode.",
    secret: true,
    show: redactUrl,
    platformName: "DATABASE_URL",
  }),
  directUrl: postgresUrl().optional().register(keyNotes, {
    description:
      "A way around the pooler, for LISTEN and for migrations; unset means that `database.url` is itself direct.",
    secret: true,
    show: redactUrl,
  }),
  poolMin: integer({ min: 0, max: 1_000 })
    .default(0)
    .register(keyNotes, { description: "Connections kept open while idle." }),
  poolMax: integer({ min: 1, max: 1_000 })
    .default(10)
    .register(keyNotes, { description: "Connections of one process at most." }),
  idleTimeoutMs: durationMs({ min: second, max: 24 * 60 * minute })
    .default(5 * minute)
    .register(keyNotes, { description: "How long a connection may be idle before it is closed." }),
  maxLifetimeMs: durationMs({ min: minute, max: 24 * 60 * minute })
    .default(30 * minute)
    .register(keyNotes, { description: "Age at which a connection is replaced, so that a failover is followed." }),
  statementTimeoutMs: durationMs({ min: 10, max: 10 * minute })
    .default(5 * second)
    .register(keyNotes, { description: "Deadline of one statement." }),
  lockTimeoutMs: durationMs({ min: 1, max: 10 * minute })
    .default(second)
    .register(keyNotes, { description: "How long a statement waits for a lock." }),
  connectTimeoutMs: durationMs({ min: 10, max: 5 * minute })
    .default(5 * second)
    .register(keyNotes, { description: "Time to open a connection." }),
  acquireTimeoutMs: durationMs({ min: 10, max: 5 * minute })
    .default(second)
    .register(keyNotes, { description: "How long a statement waits for a free connection of the pool." }),
  ssl: oneOf(["disable", "require", "verify-full"])
    .default("disable")
    .register(keyNotes, {
      description:
        "TLS to PostgreSQL: none, encrypted only, or encrypted with the server's certificate and name checked.",
      profiles: { prod: "require" },
    }),
  sslCaFile: text(/^(?! *$)\P{Cc}+$/u, "the path of a PEM file")
    .optional()
    .register(keyNotes, {
      description: "Certificate authority that `verify-full` trusts instead of the system's.",
    }),
  prepare: flag()
    .default(true)
    .register(keyNotes, { description: "Use prepared statements; off for a pooler that can't keep them." }),
  applicationName: text(/^[\x20-\x7e]{1,63}$/, "1 to 63 printable ASCII characters")
    .default("millrace")
    .register(keyNotes, { description: "How the connections are called in `pg_stat_activity`." }),
});

type Values = z.output<typeof schema>;

/** PostgreSQL: where it is, the pool, the deadlines. */
export const database = defineSection({
  description: "PostgreSQL: where it is, the pool of connections, and its deadlines.",
  schema,
  rules: [
    passwordRule("url"),
    passwordRule("directUrl"),
    sslModeRule("url"),
    sslModeRule("directUrl"),
    {
      keys: ["poolMin", "poolMax"],
      expected: "at most database.poolMax",
      holds: (values) => values.poolMin <= values.poolMax,
    },
    {
      keys: ["lockTimeoutMs", "statementTimeoutMs"],
      expected: "less than database.statementTimeoutMs",
      holds: (values) => values.lockTimeoutMs < values.statementTimeoutMs,
    },
    {
      keys: ["sslCaFile", "ssl"],
      expected: "used only with database.ssl verify-full",
      holds: (values) => values.sslCaFile === undefined || values.ssl === "verify-full",
    },
    {
      keys: ["sslCaFile"],
      expected: "a file that can be read",
      holds: (values, { cwd }) => values.sslCaFile === undefined || isReadable(resolve(cwd, values.sslCaFile)),
    },
  ],
});

const wellKnownPasswords = new Set([
  "",
  "admin",
  "change-me",
  "changeme",
  "example",
  "millrace",
  "password",
  "postgres",
  "root",
  "secret",
  "test",
]);

/** In production a password is neither blank, nor one that everybody tries first, nor the user's name. */
function passwordRule(key: "url" | "directUrl"): Rule<Values> {
  return {
    keys: [key],
    expected: "a password that is neither blank nor a default",
    profile: "prod",
    holds: (values) => {
      const value = values[key];
      if (value === undefined) return true;
      const { username, password } = new URL(value);
      return !wellKnownPasswords.has(password.toLowerCase()) && password !== username;
    },
  };
}

const sslOfMode: Readonly<Record<string, Values["ssl"]>> = {
  disable: "disable",
  require: "require",
  "verify-full": "verify-full",
};

/** Two places may not disagree about encryption: the one that lost would go unnoticed. */
function sslModeRule(key: "url" | "directUrl"): Rule<Values> {
  return {
    keys: [key, "ssl"],
    expected: "no sslmode, or one that equals database.ssl",
    holds: (values) => {
      const value = values[key];
      const mode = value === undefined ? null : new URL(value).searchParams.get("sslmode");
      return mode === null || sslOfMode[mode] === values.ssl;
    },
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
