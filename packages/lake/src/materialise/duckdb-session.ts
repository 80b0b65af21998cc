import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import { MillraceError } from "@millrace/contract";

import { quoteText } from "../duckdb-types.ts";

export interface DuckdbOptions {
  /** Memory that DuckDB may take; what doesn't fit goes to files in the directory. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Local, ours alone: Parquet files are written here, and what doesn't fit into memory. */
  readonly directory: string;
}

/** An instance of DuckDB in memory; connections have temporary tables of their own. */
export interface DuckdbSession {
  /** Runs `use` on a connection of its own. An instance that DuckDB gives up on is replaced before the next one. */
  withConnection<Result>(use: (connection: DuckDBConnection) => Promise<Result>): Promise<Result>;
  close(): void;
}

/** Opens DuckDB when it is first needed. It loads no extension but those that are built in. */
export function openDuckdb(options: DuckdbOptions): DuckdbSession {
  let opening: Promise<DuckDBInstance> | undefined;

  async function open(): Promise<DuckDBInstance> {
    await mkdir(options.directory, { recursive: true });
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${Math.ceil(options.memoryBytes / 1_048_576)}MiB`,
      threads: String(options.threads),
      temp_directory: join(options.directory, "spill"),
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const connection = await instance.connect();
    await connection.run(`set global TimeZone = ${quoteText("UTC")}`);
    connection.disconnectSync();
    return instance;
  }

  return {
    async withConnection(use) {
      opening ??= open();
      const opened = opening;
      try {
        const connection = await (await opened).connect();
        try {
          return await use(connection);
        } finally {
          connection.disconnectSync();
        }
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        // After an internal error an instance answers nothing any more.
        if (opening === opened) opening = undefined;
        throw new MillraceError("INTERNAL", "A file of the lake could not be written", { cause: error });
      }
    },
    close() {
      opening?.then((instance) => instance.closeSync()).catch(() => undefined);
      opening = undefined;
    },
  };
}

/** True for what DuckDB says of a value; anything else (memory, disk, a fault of its own) says nothing about the rows. */
export function isDataError(error: unknown): error is Error {
  return error instanceof Error && /^(?:Invalid Input|Conversion|Out of Range) Error/.test(error.message);
}
