import { type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";

/** A type of a result in the words of a table's column, where it has one; DuckDB's own name in lower case elsewhere. */
export function typeName(type: DuckDBType): string {
  if (type.alias === "JSON") return "json";
  const name = names[type.typeId];
  if (name !== undefined) return name;
  if (type.typeId === DuckDBTypeId.LIST) return `${typeName((type as Nested).valueType)}[]`;
  if (type.typeId === DuckDBTypeId.MAP) {
    return `map(${typeName((type as Nested).keyType)}, ${typeName((type as Nested).valueType)})`;
  }
  if (type.typeId !== DuckDBTypeId.STRUCT) return type.toString().toLowerCase();
  const { entryNames, entryTypes } = type as Nested;
  return `struct(${entryTypes.map((entry, index) => `${entryNames[index] ?? ""} ${typeName(entry)}`.trim()).join(", ")})`;
}

type Nested = DuckDBType & {
  readonly keyType: DuckDBType;
  readonly valueType: DuckDBType;
  readonly entryNames: readonly string[];
  readonly entryTypes: readonly DuckDBType[];
};

const names: Readonly<Partial<Record<DuckDBTypeId, string>>> = {
  [DuckDBTypeId.INTEGER]: "int32",
  [DuckDBTypeId.BIGINT]: "int64",
  [DuckDBTypeId.DOUBLE]: "float64",
  [DuckDBTypeId.TIMESTAMP_TZ]: "timestamp",
  [DuckDBTypeId.TIMESTAMP]: "timestamp without time zone",
};
