import { rm } from "node:fs/promises";
import { join } from "node:path";

import { v7 as uuidv7 } from "uuid";

import type { LoggedEvent } from "@millrace/bus";
import { type Column, MillraceError } from "@millrace/contract";
import type { EventTable, NewLakeFile } from "@millrace/storage";

import { quoteName, withSystemColumns } from "../duckdb-types.ts";
import { copyToParquet } from "./copy-file.ts";
import { type DuckdbOptions, type DuckdbSession, openDuckdb } from "./duckdb-session.ts";
import { loadEvents } from "./load-events.ts";
import { findPartitions } from "./partitions.ts";
import { makeTypedRows, type Poison } from "./typed-rows.ts";

/** Events of one table, in the order of their offsets. */
export interface TableBatch {
  readonly table: EventTable;
  /** The columns of every version that one of the events was accepted under. */
  readonly versions: ReadonlyMap<number, readonly Column[]>;
  readonly events: readonly LoggedEvent[];
}

/** A file that waits for its upload: `file` is where it is, the rest is what the catalogue says of it. */
export interface WrittenFile extends NewLakeFile {
  readonly file: string;
}

export interface WrittenBatch {
  readonly files: readonly WrittenFile[];
  readonly poison: readonly Poison[];
}

/** Turns events into Parquet files. */
export interface FileWriter {
  /** Each event is a row of one of the files or poison; rows are in the order of offsets. Leaves no file behind when it fails. @throws INTERNAL */
  write(batch: TableBatch): Promise<WrittenBatch>;
  /** Removes the files that are still there. */
  close(): Promise<void>;
}

/** Makes a writer of Parquet files below `directory`; the files are the caller's to delete. Nothing is opened before the first batch. */
export function createFileWriter(options: DuckdbOptions): FileWriter {
  const duckdb: DuckdbSession = openDuckdb(options);
  return {
    write: (batch) => duckdb.withConnection((connection, scratch) => write(connection, batch, scratch)),
    close: () => duckdb.close(),
  };
}

async function write(
  connection: Parameters<Parameters<DuckdbSession["withConnection"]>[0]>[0],
  { table, versions, events }: TableBatch,
  directory: string,
): Promise<WrittenBatch> {
  const { columns, primaryKey, tableId, tenantNo, version } = table;
  await loadEvents(connection, events);
  const poison = await makeTypedRows(connection, events, { columns, primaryKey, versions });
  const names = withSystemColumns(columns).map(({ name }) => quoteName(name));
  const files: WrittenFile[] = [];
  const started: string[] = [];
  try {
    for (const { where, ...bounds } of await findPartitions(connection, table)) {
      const name = `${uuidv7()}.parquet`;
      const file = join(directory, name);
      started.push(file);
      const query = `select ${names.join(", ")} from typed where ${where} order by _offset`;
      const written = await copyToParquet(connection, query, columns, file);
      files.push({ ...bounds, ...written, tableId, version, path: `${tenantNo}/${tableId}/${name}`, file });
    }
    const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
    if (rowCount + poison.length !== events.length) {
      throw new MillraceError(
        "INTERNAL",
        `${events.length} events became ${rowCount} rows and ${poison.length} failures`,
      );
    }
    return { files, poison };
  } catch (error) {
    await Promise.all(started.map((file) => rm(file, { force: true })));
    throw error;
  }
}
