import { rm } from "node:fs/promises";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import { MillraceError } from "@millrace/contract";

import { quoteText } from "../duckdb-types.ts";
import { openScratch } from "./scratch.ts";

export interface DuckdbOptions {
  /** Memory that DuckDB may take; what doesn't fit goes to files in the directory. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** A local one; Parquet files are written into a folder of our own in it, and what doesn't fit into memory. */
  readonly directory: string;
}

/** An instance of DuckDB in memory; connections have temporary tables of their own. */
export interface DuckdbSession {
  /** Runs `use` on a connection of its own, with the folder for files. After a failure there is a new instance for the next one. */
  withConnection<Result>(use: (connection: DuckDBConnection, scratch: string) => Promise<Result>): Promise<Result>;
  /** Closes DuckDB and removes the folder with all that is in it. */
  close(): Promise<void>;
}

/** Opens DuckDB when it is first needed. It loads no extension but those that are built in. */
export function openDuckdb(options: DuckdbOptions): DuckdbSession {
  let opening: Promise<DuckDBInstance> | undefined;
  let making: Promise<string> | undefined;

  async function open(scratch: string): Promise<DuckDBInstance> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${Math.ceil(options.memoryBytes / 1_048_576)}MiB`,
      threads: String(options.threads),
      temp_directory: join(scratch, "spill"),
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
      let opened: typeof opening;
      try {
        making ??= openScratch(options.directory);
        const scratch = await making;
        opening ??= open(scratch);
        opened = opening;
        const connection = await (await opened).connect();
        try {
          return await use(connection, scratch);
        } finally {
          connection.disconnectSync();
        }
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        // After an internal error an instance answers nothing any more.
        if (opening === opened) opening = undefined;
        if (opened === undefined) making = undefined;
        throw new MillraceError("INTERNAL", "A file of the lake could not be written", { cause: error });
      }
    },
    async close() {
      const [instance, scratch] = await Promise.allSettled([opening, making]);
      if (instance.status === "fulfilled") instance.value?.closeSync();
      if (scratch.status === "fulfilled" && scratch.value !== undefined) {
        await rm(scratch.value, { recursive: true, force: true });
      }
      opening = undefined;
      making = undefined;
    },
  };
}

/** True for what DuckDB says of a value; anything else (memory, disk, a fault of its own) says nothing about the rows. */
export function isDataError(error: unknown): error is Error {
  return error instanceof Error && /^(?:Invalid Input|Conversion|Out of Range) Error/.test(error.message);
}
