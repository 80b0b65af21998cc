import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import type { DuckDBConnection } from "@duckdb/node-api";

import type { Column, ColumnType } from "@millrace/contract";
import type { CataloguedFile } from "@millrace/storage";

import { quoteText, withSystemColumns } from "../duckdb-types.ts";

/** What can be wrong with a file. */
export type FileFault = "missing" | "size" | "content" | "unreadable" | "rows" | "fieldIds";

/** Compares a local copy of a file with what the catalogue says: the hash of its content, and then rows and field ids in its metadata. */
export async function checkFile(
  connection: DuckDBConnection,
  file: CataloguedFile,
  localPath: string,
  columns: readonly Column[],
): Promise<FileFault | undefined> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(localPath), hash);
  if (hash.digest("hex") !== file.contentHash) return "content";
  try {
    const path = quoteText(localPath);
    const rows = await connection.runAndReadAll(`select num_rows from parquet_file_metadata(${path})`);
    if (Number(rows.getRowsJson()[0]?.[0]) !== file.rowCount) return "rows";
    const ids = await connection.runAndReadAll(
      `select field_id from parquet_schema(${path}) where field_id is not null`,
    );
    const found = ids.getRowsJson().map(([id]) => Number(id));
    const expected = withSystemColumns(columns).flatMap(({ fieldId, type }) => [fieldId, ...idsOf(type)]);
    return isSame(found, expected) ? undefined : "fieldIds";
  } catch {
    return "unreadable";
  }
}

function idsOf(type: ColumnType): readonly number[] {
  if (typeof type === "string") return [];
  if ("list" in type) return [type.fieldId, ...idsOf(type.list)];
  return type.struct.flatMap((field) => [field.fieldId, ...idsOf(field.type)]);
}

function isSame(found: readonly number[], expected: readonly number[]): boolean {
  return found.length === expected.length && new Set(found).isSubsetOf(new Set(expected));
}
