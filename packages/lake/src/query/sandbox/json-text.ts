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
  if (type.alias === "JSON") return strictJson(`translate(${value}::VARCHAR, chr(10) || chr(13), '  ')`);
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

/** DuckDB's JSON also has NaN, infinities and a comma after the last item. Texts with none of these, as nearly all are, are not taken apart. */
function strictJson(json: string): string {
  const token = `CASE WHEN regexp_full_match(token, '(?i)-?nan') THEN '"NaN"'
    WHEN regexp_full_match(token, '(?i)inf(inity)?') THEN '"Infinity"'
    WHEN regexp_full_match(token, '(?i)-inf(inity)?') THEN '"-Infinity"'
    WHEN starts_with(token, ',') THEN right(token, 1) ELSE token END`;
  const strict = `array_to_string(list_transform(regexp_extract_all(${json}, ${quoteText(jsonTokens)}), lambda token: ${token}), '')`;
  return `CASE WHEN regexp_matches(${json}, '(?i)nan|inf|,\\s*[\\]}]') THEN ${strict} ELSE ${json} END`;
}

/** Strings, a comma before a bracket, words and numbers, and whatever stands between them. */
const jsonTokens = String.raw`"(?:[^"\\]|\\.)*"|,\s*[\]}]|[^\s"\[\]{}:,]+|\s+|.`;

/** For text in which nothing needs an escape. */
function quoted(value: string): string {
  return `'"' || ${value}::VARCHAR || '"'`;
}

/** An expression for a value as text in the words of the API: RFC 3339 in UTC, base64; NULL stays NULL. */
export function plainText(value: string, type: DuckDBType): string {
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP_TZ:
      return timeText(`${value}::TIMESTAMP`, "Z");
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
      return timeText(value, "");
    case DuckDBTypeId.DATE:
      return `CASE WHEN ${hasPlainYear(value)} THEN ${value}::VARCHAR ELSE ${longYear(value)} END`;
    case DuckDBTypeId.BLOB:
      return `base64(${value})`;
    default:
      return `${value}::VARCHAR`;
  }
}

function timeText(value: string, zone: string): string {
  const time = `regexp_extract(${value}::VARCHAR, ' (\\d\\d:.*)$', 1)`;
  return `CASE WHEN ${hasPlainYear(value)} THEN replace(${value}::VARCHAR, ' ', 'T') || '${zone}' WHEN isfinite(${value}) THEN ${longYear(value)} || 'T' || ${time} || '${zone}' ELSE ${value}::VARCHAR END`;
}

/** False for infinities too. */
function hasPlainYear(value: string): string {
  return `coalesce(year(${value}) BETWEEN 1 AND 9999, false)`;
}

/** A date with a sign and six digits for the year, as ISO 8601 has them outside of 0 to 9999; DuckDB writes (BC). The year 0 is 1 BC. */
function longYear(value: string): string {
  return `CASE WHEN isfinite(${value}) THEN printf('%s%06d', CASE WHEN year(${value}) < 0 THEN '-' ELSE '+' END, abs(year(${value}))) || regexp_extract(${value}::VARCHAR, '-\\d\\d-\\d\\d') ELSE ${value}::VARCHAR END`;
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
