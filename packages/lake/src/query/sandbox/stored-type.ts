import { type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";

import { quoteName } from "../../duckdb-types.ts";

/** What a type is stored as in Parquet, where that is another one: Parquet has no integers of 128 bits, and DuckDB would write them as floats. */
export function storedType(type: DuckDBType): string | undefined {
  switch (type.typeId) {
    case DuckDBTypeId.HUGEINT:
      return "DECIMAL(38, 0)";
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.BIGNUM:
    case DuckDBTypeId.BIT:
    case DuckDBTypeId.UNION:
    case DuckDBTypeId.SQLNULL:
      return "VARCHAR";
    case DuckDBTypeId.LIST:
      return within([type.valueType], ([item]) => `${item}[]`);
    case DuckDBTypeId.ARRAY:
      return within([type.valueType], ([item]) => `${item}[${type.length}]`);
    case DuckDBTypeId.MAP:
      return within([type.keyType, type.valueType], ([key, value]) => `MAP(${key}, ${value})`);
    case DuckDBTypeId.STRUCT:
      return structType(type);
    default:
      return undefined;
  }
}

/** Fields without names, as those of `row(1, 2)`, are called by their places. */
function structType({ entryNames, entryTypes }: StructShape): string | undefined {
  const write = (types: readonly string[]): string =>
    `STRUCT(${types.map((type, index) => `${quoteName(fieldName(entryNames[index] ?? "", index))} ${type}`).join(", ")})`;
  return entryNames.includes("") ? write(entryTypes.map(written)) : within(entryTypes, write);
}

function fieldName(name: string, index: number): string {
  return name === "" ? `_${index + 1}` : name;
}

interface StructShape {
  readonly entryNames: readonly string[];
  readonly entryTypes: readonly DuckDBType[];
}

function within(types: readonly DuckDBType[], write: (types: readonly string[]) => string): string | undefined {
  return types.some((type) => storedType(type) !== undefined) ? write(types.map(written)) : undefined;
}

function written(type: DuckDBType): string {
  return storedType(type) ?? type.toString();
}
