import { type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";

import { quoteText } from "../../duckdb-types.ts";

/** An expression for the JSON of a value as text, never NULL, without a line break: one row is one line. */
export function jsonText(value: string, type: DuckDBType, depth = 0): string {
  const json = jsonOf(value, type, depth);
  return `coalesce(${json}, 'null')`;
}

/** What a JSON number holds without loss in every client. */
const safeInteger = "9007199254740991";

function jsonOf(value: string, type: DuckDBType, depth: number): string {
  if (type.alias === "JSON") return `translate(${value}::VARCHAR, chr(10) || chr(13), '  ')`;
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
      return `${value}::VARCHAR`;
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
      return `CASE WHEN ${value} BETWEEN -${safeInteger} AND ${safeInteger} THEN ${value}::VARCHAR ELSE ${quoted(value)} END`;
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return `CASE WHEN ${value} <= ${safeInteger} THEN ${value}::VARCHAR ELSE ${quoted(value)} END`;
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return `CASE WHEN isfinite(${value}) THEN ${value}::VARCHAR WHEN isnan(${value}) THEN '"NaN"' WHEN ${value} > 0 THEN '"Infinity"' WHEN ${value} < 0 THEN '"-Infinity"' END`;
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return listOf(value, type.valueType, depth);
    case DuckDBTypeId.STRUCT:
      return structOf(value, type, depth);
    case DuckDBTypeId.MAP:
      return mapOf(value, type.valueType, depth);
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.UUID:
    case DuckDBTypeId.ENUM:
      return `to_json(${value}::VARCHAR)::VARCHAR`;
    default:
      return `to_json(${plainText(value, type)})::VARCHAR`;
  }
}

/** For text in which nothing needs an escape. */
function quoted(value: string): string {
  return `'"' || ${value}::VARCHAR || '"'`;
}

/** An expression for a value as text in the words of the API: RFC 3339 in UTC, base64; NULL stays NULL. */
export function plainText(value: string, type: DuckDBType): string {
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP_TZ:
      return `CASE WHEN isfinite(${value}) THEN replace(${value}::TIMESTAMP::VARCHAR, ' ', 'T') || 'Z' ELSE ${value}::VARCHAR END`;
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
      return `replace(${value}::VARCHAR, ' ', 'T')`;
    case DuckDBTypeId.BLOB:
      return `base64(${value})`;
    default:
      return `${value}::VARCHAR`;
  }
}

function listOf(value: string, item: DuckDBType, depth: number): string {
  const name = `item${depth}`;
  return `'[' || array_to_string(list_transform(${value}, lambda ${name}: ${jsonText(name, item, depth + 1)}), ',') || ']'`;
}

interface StructShape {
  readonly entryNames: readonly string[];
  readonly entryTypes: readonly DuckDBType[];
}

function structOf(value: string, { entryNames, entryTypes }: StructShape, depth: number): string {
  const isTuple = entryNames.every((name) => name === "");
  const entries = entryTypes.map((type, index) => {
    const name = entryNames[index] ?? "";
    const entry = isTuple
      ? `struct_extract_at(${value}, ${index + 1})`
      : `struct_extract(${value}, ${quoteText(name)})`;
    return `${isTuple ? "" : `${quoteText(`${JSON.stringify(name)}:`)}, `}${jsonText(entry, type, depth)}`;
  });
  const [open, close] = isTuple ? ["[", "]"] : ["{", "}"];
  return `CASE WHEN ${value} IS NOT NULL THEN concat('${open}', ${entries.join(", ',', ")}, '${close}') END`;
}

function mapOf(value: string, item: DuckDBType, depth: number): string {
  const name = `item${depth}`;
  const entry = `to_json(${name}.key::VARCHAR)::VARCHAR || ':' || ${jsonText(`${name}.value`, item, depth + 1)}`;
  return `'{' || array_to_string(list_transform(map_entries(${value}), lambda ${name}: ${entry}), ',') || '}'`;
}
