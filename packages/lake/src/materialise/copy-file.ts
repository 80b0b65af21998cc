import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import type { DuckDBConnection } from "@duckdb/node-api";

import type { Column, ColumnType } from "@millrace/contract";

import { fieldIdsText, quoteName, quoteText, withSystemColumns } from "../duckdb-types.ts";

/** A Parquet file as it was written. */
export interface ParquetFile {
  readonly rowCount: number;
  readonly fileBytes: number;
  /** SHA-256 of its content, in hex. */
  readonly contentHash: string;
  /** What COPY said of its columns, by field id, as JSON text. */
  readonly columnStats: string;
}

/** Bounds of longer values are left out: they would be as large as the rows, and a missing bound is never wrong. */
const boundCharactersMax = 256;

/**
 * Writes the rows of a query, which has exactly a table's columns and the system's, to a local Parquet file: zstd, field ids in every part,
 * and statistics from the same pass.
 */
export async function copyToParquet(
  connection: DuckDBConnection,
  query: string,
  columns: readonly Column[],
  file: string,
): Promise<ParquetFile> {
  const all = withSystemColumns(columns);
  const result = await connection.runAndReadAll(
    `copy (${query}) to ${quoteText(file)} (format parquet, compression zstd, field_ids ${fieldIdsText(all)}, return_stats)`,
  );
  const [stats] = result.getRowObjectsJson();
  return {
    rowCount: Number(stats?.["count"]),
    fileBytes: Number(stats?.["file_size_bytes"]),
    contentHash: await hashOf(file),
    columnStats: statsById(asEntries(stats?.["column_statistics"]), all),
  };
}

interface StatsEntry {
  /** The quoted path of the column. */
  readonly key: string;
  readonly value: readonly { readonly key: string; readonly value: string }[];
}

/** DuckDB writes a map as a list of its entries; this one is a map of maps of text. */
function asEntries(map: unknown): readonly StatsEntry[] {
  return map as readonly StatsEntry[];
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function statsById(entries: readonly StatsEntry[], columns: readonly Column[]): string {
  const ids = new Map(columns.flatMap(({ name, fieldId, type }) => leavesOf(quoteName(name), fieldId, type)));
  return JSON.stringify(
    Object.fromEntries(
      entries.flatMap(({ key, value }) => {
        const fieldId = ids.get(key);
        const kept = value.filter((stat) => stat.value.length <= boundCharactersMax);
        return fieldId === undefined ? [] : [[fieldId, Object.fromEntries(kept.map((stat) => [stat.key, stat.value]))]];
      }),
    ),
  );
}

/** The parts of a column that hold values, as COPY names them. */
function leavesOf(path: string, fieldId: number, type: ColumnType): readonly (readonly [string, number])[] {
  if (typeof type === "string") return [[path, fieldId]];
  if ("list" in type) return leavesOf(`${path}."element"`, type.fieldId, type.list);
  return type.struct.flatMap((field) => leavesOf(`${path}.${quoteName(field.name)}`, field.fieldId, field.type));
}
