import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import type { Column } from "@millrace/contract";

import { duckdbType, fieldIdsText, quoteName, quoteText, systemColumnList } from "../../duckdb-types.ts";

/** A folder with Parquet files as the lake has them, for tests. */
export interface LakeFolder {
  readonly dir: string;
  readonly connection: DuckDBConnection;
  /** Writes the rows of a SELECT whose columns are the table's own ones, in order. Offsets count on from `firstOffset`. */
  write(name: string, columns: readonly Column[], select: string, options?: WriteOptions): Promise<string>;
  remove(): Promise<void>;
}

export interface WriteOptions {
  readonly firstOffset?: number;
  /** An expression over the columns: `insert` by default. */
  readonly op?: string;
}

/** Makes an empty one in the system's folder for temporary files. */
export async function createLakeFolder(): Promise<LakeFolder> {
  const dir = await mkdtemp(join(tmpdir(), "millrace-lake-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", temp_directory: "" });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    dir,
    connection,
    async write(name, columns, select, { firstOffset = 1, op = "'insert'" } = {}) {
      const path = join(dir, name);
      const own = columns.map((column, index) => `c${index}::${duckdbType(column.type)} AS ${quoteName(column.name)}`);
      const system = `${firstOffset} + row_number() OVER () - 1 AS "_offset", TIMESTAMPTZ '2026-01-01 00:00:00Z' AS "_ingested_at", NULL::TIMESTAMPTZ AS "_event_time", 'key' AS "_key", ${op} AS "_op"`;
      const names = columns.map((_, index) => `c${index}`).join(", ");
      await connection.run(
        `COPY (SELECT ${own.join(", ")}, ${system} FROM (${select}) AS r(${names})) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, FIELD_IDS ${fieldIdsText([...columns, ...systemColumnList])})`,
      );
      return path;
    },
    async remove() {
      connection.closeSync();
      instance.closeSync();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
