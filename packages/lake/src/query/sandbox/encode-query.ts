import { type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";

import { quoteName, quoteText } from "../../duckdb-types.ts";
import type { RunRequest } from "../protocol.ts";
import { jsonText, plainText } from "./json-text.ts";
import { storedType } from "./stored-type.ts";

/** A sequence that is advanced by the first row too many, and by no other. */
export const moreRowsSequence = "more_rows";

/** The statement that writes a query's rows to its file, and the bytes of it before the user's part. */
export function encodeQuery(
  { sql, format, rowLimit, outPath }: Pick<RunRequest, "sql" | "format" | "rowLimit" | "outPath">,
  names: readonly string[],
  types: readonly DuckDBType[],
): { readonly text: string; readonly offset: number } {
  const columns = types.map((_, index) => `c${index}`);
  const before = `COPY (SELECT ${selected(format, names, types)} FROM (SELECT *, row_number() OVER () AS n FROM (\n`;
  const after = `\n) AS r(${columns.join(", ")}) LIMIT ${rowLimit + 1}) WHERE CASE WHEN n <= ${rowLimit} THEN true ELSE nextval('${moreRowsSequence}') < 0 END) TO ${quoteText(outPath)} (${options[format]}, USE_TMP_FILE false)`;
  return { text: before + sql + after, offset: Buffer.byteLength(before) };
}

/** JSON texts are made by expressions, and written as they are: they have neither quotes to double nor line breaks. */
const raw = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', NULLSTR ''";
const options = {
  json: raw,
  ndjson: raw,
  csv: "FORMAT csv, HEADER true",
  parquet: "FORMAT parquet, COMPRESSION zstd",
} as const;

function selected(format: RunRequest["format"], names: readonly string[], types: readonly DuckDBType[]): string {
  switch (format) {
    case "json":
      return `concat('[', ${types.map((type, index) => jsonText(`c${index}`, type)).join(", ',', ")}, ']')`;
    case "ndjson":
      return `concat('{', ${types
        .map((type, index) => `${quoteText(`${JSON.stringify(names[index])}:`)}, ${jsonText(`c${index}`, type)}`)
        .join(", ',', ")}, '}')`;
    case "csv":
      return types.map((type, index) => `${csvText(`c${index}`, type)} AS ${quoteName(names[index] ?? "")}`).join(", ");
    default:
      return types.map((type, index) => `${stored(`c${index}`, type)} AS ${quoteName(names[index] ?? "")}`).join(", ");
  }
}

/** Nested values are JSON in a field; an empty field is NULL, an empty text is `""`. */
function csvText(value: string, type: DuckDBType): string {
  const isNested =
    type.alias === "JSON" ||
    type.typeId === DuckDBTypeId.LIST ||
    type.typeId === DuckDBTypeId.ARRAY ||
    type.typeId === DuckDBTypeId.STRUCT ||
    type.typeId === DuckDBTypeId.MAP;
  return isNested ? `CASE WHEN ${value} IS NOT NULL THEN ${jsonText(value, type)} END` : plainText(value, type);
}

function stored(value: string, type: DuckDBType): string {
  const storedAs = storedType(type);
  return storedAs === undefined ? value : `${value}::${storedAs}`;
}
