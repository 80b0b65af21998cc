import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { DuckDBConnection } from "@duckdb/node-api";
import { v7 as uuidv7 } from "uuid";

import type { EventTable } from "@millrace/storage";

import { quoteName, withSystemColumns } from "../../duckdb-types.ts";
import { copyToParquet } from "../copy-file.ts";
import type { WrittenFile } from "../file-writer.ts";
import { findPartitions } from "../partitions.ts";
import { tenantRowsSql } from "./tenant-rows.ts";

/** Writes a tenant's rows of the loaded page, a file for each of the tables that has any; the files are the caller's to delete. Leaves none when it fails. */
export async function writeTenant(
  connection: DuckDBConnection,
  tables: readonly EventTable[],
  pageNo: number,
  directory: string,
): Promise<readonly WrittenFile[]> {
  const started: string[] = [];
  try {
    const files: WrittenFile[] = [];
    for (const { tableId, tenantNo, tenantId, name, columns, version } of tables) {
      await connection.run(`create or replace temp table typed as ${tenantRowsSql(name, tenantId, pageNo)}`);
      const [all] = await findPartitions(connection, { columns, partitionBy: [] });
      if (all === undefined) continue;
      const { where: _, ...bounds } = all;
      const fileName = `${uuidv7()}.parquet`;
      const file = join(directory, fileName);
      started.push(file);
      const names = withSystemColumns(columns).map((column) => quoteName(column.name));
      const written = await copyToParquet(
        connection,
        `select ${names.join(", ")} from typed order by _offset`,
        columns,
        file,
      );
      files.push({ ...bounds, ...written, tableId, version, path: `${tenantNo}/${tableId}/${fileName}`, file });
    }
    return files;
  } catch (error) {
    await Promise.all(started.map((file) => rm(file, { force: true })));
    throw error;
  }
}
