import type { ArgDef } from "citty";

import { defaultTenant } from "./default-tenant.ts";
import type { CliIo } from "./io.ts";

/** Runs a command and answers the program's exit code. */
export type Run = (io: CliIo) => Promise<number>;

/** The flags that were given: their text, true for one without, or a list for one that may be given again. */
export type Flags = Readonly<Record<string, string | true | readonly string[] | undefined>>;

/** A command's flags, and its word without a flag where one is of type `positional`. */
export type Args = Readonly<Record<string, ArgDef & { readonly repeated?: true }>>;

/** A command with flags of its own, one made of others, or one that reads its arguments itself. */
export type Command = { readonly description: string } & (
  | { readonly args: Args; readonly prepare: (flags: Flags) => Run }
  | { readonly commands: Readonly<Record<string, Command>> }
  | { readonly forward: (argv: readonly string[]) => Run }
);

/** The commands by name. What one runs is loaded when it runs: `--help` answers at once. */
export const commands: Readonly<Record<string, Command>> = {
  dev: {
    description: "Run everything here: API, worker and an embedded PostgreSQL",
    args: {
      port: text("port", "Port of the HTTP API; 0 takes any free one (default 8080)"),
      "data-dir": text("path", "Where the database and the API key are kept (default .millrace)"),
      "api-key": text("key", "API key to accept, taken as given (default: made once and kept)"),
      "database-url": text("url", "PostgreSQL to use instead of the embedded one"),
      "no-worker": flag("Run no worker: jobs stay pending until some other worker takes them"),
      reset: flag("Throw the data folder's content away first"),
    },
    prepare: (flags) => async (io) => {
      const { runDev } = await import("./commands/dev.ts");
      return runDev(io, {
        port: read(flags["port"]),
        dataDir: read(flags["data-dir"]),
        apiKey: read(flags["api-key"]),
        databaseUrl: read(flags["database-url"]),
        worker: flags["no-worker"] !== true,
        reset: flags["reset"] === true,
      });
    },
  },
  query: {
    description: "Run one SELECT over the events of a tenant",
    args: {
      sql: { type: "positional", description: "The statement, in DuckDB's SQL", required: true },
      param: { ...text("name=value", "Value of $name, or of $1 with 1=value; may be given again"), repeated: true },
      token: text("token", "Wait until what an ingest with this token accepted can be seen"),
      snapshot: text("id|time", "Query this snapshot, or the newest of that time"),
      format: text("format", "table, json, ndjson, csv or parquet (default table on a terminal, else ndjson)"),
      output: text("file", "Write the result to a file; its name tells the format, as in rows.parquet"),
      "row-limit": text("rows", "Rows at most (default 1000 in a table, else what the API allows)"),
      url: text("url", "Where the API is (default MILLRACE_URL, else a running millrace dev)"),
      "api-key": text("key", "Key of the API (default MILLRACE_API_KEY, else a running millrace dev's)"),
      "data-dir": text("path", "Data folder of the millrace dev to ask (default .millrace)"),
    },
    prepare: (flags) => async (io) => {
      const { runQuery } = await import("./commands/query.ts");
      return runQuery(io, {
        sql: read(flags["sql"]) ?? "",
        params: readAll(flags["param"]),
        token: read(flags["token"]),
        snapshot: read(flags["snapshot"]),
        format: read(flags["format"]),
        output: read(flags["output"]),
        rowLimit: read(flags["row-limit"]),
        url: read(flags["url"]),
        apiKey: read(flags["api-key"]),
        dataDir: read(flags["data-dir"]),
      });
    },
  },
  migrate: {
    description: "Change or check the schema of a database: up, down, status, plan, verify, after-restore",
    forward: (argv) => async (io) => (await import("./commands/migrate.ts")).runMigrate(io, argv),
  },
  keys: {
    description: "Make API keys straight in a database",
    commands: {
      create: {
        description: "Make an API key, such as a tenant's first one, and print it",
        args: {
          name: { ...text("name", "What the key is for"), required: true },
          scopes: text("scopes", "What it may do, comma separated (default *, everything)"),
          tenant: text("tenant", `The tenant it belongs to (default ${defaultTenant})`),
          "database-url": text("url", "The database (default: the configured one)"),
        },
        prepare: (flags) => async (io) => {
          const { runKeysCreate } = await import("./commands/keys-create.ts");
          return runKeysCreate(io, {
            databaseUrl: read(flags["database-url"]),
            name: read(flags["name"]) ?? "",
            scopes: read(flags["scopes"])?.split(",") ?? ["*"],
            tenantId: read(flags["tenant"]) ?? defaultTenant,
          });
        },
      },
    },
  },
  config: {
    description: "Show or check the configuration",
    commands: {
      print: {
        description: "Show every value and where it comes from, secrets redacted",
        args: { json: flag("Print JSON") },
        prepare: (flags) => async (io) =>
          (await import("./commands/config-print.ts")).runConfigPrint(io, { json: flags["json"] === true }),
      },
      check: {
        description: "Say what is wrong with the configuration, all at once",
        args: {},
        prepare: () => async (io) => (await import("./commands/config-check.ts")).runConfigCheck(io),
      },
      schema: {
        description: "Print the JSON Schema of millrace.yaml, for editors",
        args: {},
        prepare: () => async (io) => (await import("./commands/config-schema.ts")).runConfigSchema(io),
      },
    },
  },
};

function text(valueHint: string, description: string): { type: "string"; valueHint: string; description: string } {
  return { type: "string", valueHint, description };
}

function flag(description: string): { type: "boolean"; description: string } {
  return { type: "boolean", description };
}

function read(value: Flags[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function readAll(value: Flags[string]): readonly string[] {
  return typeof value === "object" ? value : [];
}
