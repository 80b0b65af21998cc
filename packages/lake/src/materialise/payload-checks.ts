import type { Column, ColumnType } from "@millrace/contract";

import { quoteName } from "../duckdb-types.ts";

/** Something that must not be so: `fails` is true for rows whose payload has a value that its type can't hold. */
export interface PayloadCheck {
  /** Dotted path of the value, up to the first list. */
  readonly path: string;
  readonly type: ColumnType;
  readonly fails: string;
}

/**
 * Checks of `payload` against `r`, the same payload typed: `from_json` says nothing about a value that it can't read and answers null, so a value
 * that is there and typed null is a failure. The text is only looked at again where the typed value is null: a payload without a null costs nothing.
 */
export function payloadChecks(columns: readonly Column[]): readonly PayloadCheck[] {
  return columns.flatMap(({ name, type }) => checksOf("payload", `$."${name}"`, `r.${quoteName(name)}`, type, name, 0));
}

function checksOf(
  json: string,
  at: string,
  typed: string,
  type: ColumnType,
  path: string,
  depth: number,
): readonly PayloadCheck[] {
  const isThere = `coalesce(json_type(${json}, '${at}') <> 'NULL', false)`;
  const isLost = `case when ${typed} is null then ${isThere} else false end`;
  if (typeof type === "string") return [{ path, type, fails: isLost }];
  if ("list" in type) {
    const fails = `case when ${typed} is null then ${isThere} else ${itemsFail(json, at, typed, type.list, path, depth)} end`;
    return [{ path, type, fails }];
  }
  // Whatever isn't an object reads as a struct of nulls.
  const isOther = `coalesce(json_type(${json}, '${at}') not in ('OBJECT', 'NULL'), false)`;
  return [
    { path, type, fails: isOther },
    ...type.struct.flatMap((field) =>
      checksOf(
        json,
        `${at}."${field.name}"`,
        `struct_extract(${typed}, '${field.name}')`,
        field.type,
        `${path}.${field.name}`,
        depth,
      ),
    ),
  ];
}

/** True where an item of a list is lost: the items as JSON and as typed values side by side. */
function itemsFail(json: string, at: string, typed: string, item: ColumnType, path: string, depth: number): string {
  const pair = `pair${depth}`;
  const fails = checksOf(`${pair}[1]`, "$", `${pair}[2]`, item, path, depth + 1).map((check) => check.fails);
  const items = `list_zip(from_json(json_extract(${json}, '${at}'), '["JSON"]'), ${typed})`;
  const anyFails = `len(list_filter(${items}, lambda ${pair}: ${fails.join(" or ")})) > 0`;
  return typeof item === "string"
    ? `case when list_count(${typed}) < len(${typed}) then ${anyFails} else false end`
    : anyFails;
}
