import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import { quoteText } from "../../duckdb-types.ts";
import type { ChildSettings } from "../protocol.ts";
import { systemSchema } from "../views/view-sql.ts";
import { moreRowsSequence } from "./encode-query.ts";

/** A DuckDB for one query: memory only, no extensions, no folder to spill to, not yet locked. */
export interface Instance {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** Opens one ahead of the query that will use it, which saves the query the time. */
export async function openInstance({ threads, memoryBytes }: ChildSettings): Promise<Instance> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
    // Else DuckDB makes a folder, and lets queries write into it.
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
    allow_persistent_secrets: "false",
    errors_as_json: "true",
  });
  const connection = await instance.connect();
  await connection.run(
    `SET TimeZone = 'UTC'; SET max_expression_depth = 250; CREATE SCHEMA ${systemSchema}; CREATE TEMP SEQUENCE ${moreRowsSequence}`,
  );
  return {
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Closes all doors but to these files. Nothing opens them again: the configuration is locked with it. */
export async function lockInstance({ connection }: Instance, files: readonly string[]): Promise<void> {
  const paths = files.map((file) => quoteText(file)).join(", ");
  await connection.run(
    `SET allowed_paths = [${paths}]; SET enable_external_access = false; SET lock_configuration = true`,
  );
}
