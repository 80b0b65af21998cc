import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  LIST,
  listValue,
  SQLNULL,
  VARCHAR,
} from "@duckdb/node-api";

import type { QueryParam } from "../query-types.ts";

interface Bound {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

export type BoundParams = readonly [
  DuckDBValue[] | Record<string, DuckDBValue>,
  DuckDBType[] | Record<string, DuckDBType>,
];

/** Values and their types as DuckDB binds them: whole numbers are never floats, so a filter on an id compares integers. */
export function bindParams(params: readonly QueryParam[] | Readonly<Record<string, QueryParam>>): BoundParams {
  if (isList(params)) {
    const bound = params.map(bind);
    return [bound.map(({ value }) => value), bound.map(({ type }) => type)];
  }
  const bound = Object.entries(params).map(([name, param]) => [name, bind(param)] as const);
  return [
    Object.fromEntries(bound.map(([name, { value }]) => [name, value])),
    Object.fromEntries(bound.map(([name, { type }]) => [name, type])),
  ];
}

function isList(value: unknown): value is readonly QueryParam[] {
  return Array.isArray(value);
}

function bind(param: QueryParam): Bound {
  if (param === null) return { value: null, type: SQLNULL };
  if (isList(param)) return bindList(param);
  switch (typeof param) {
    case "boolean":
      return { value: param, type: BOOLEAN };
    case "bigint":
      return { value: param, type: BigInt.asIntN(64, param) === param ? BIGINT : HUGEINT };
    case "number":
      return Number.isSafeInteger(param) ? { value: BigInt(param), type: BIGINT } : { value: param, type: DOUBLE };
    default:
      return { value: param, type: VARCHAR };
  }
}

/** A list has the widest type of its values. */
function bindList(params: readonly QueryParam[]): Bound {
  const items = params.map(bind);
  const type = items.reduce<DuckDBType>((widest, item) => wider(widest, item.type), SQLNULL);
  const values = items.map(({ value }) => (type === DOUBLE && typeof value === "bigint" ? Number(value) : value));
  return { value: listValue(values), type: LIST(type) };
}

function wider(left: DuckDBType, right: DuckDBType): DuckDBType {
  if (left === SQLNULL) return right;
  if (right === SQLNULL || String(left) === String(right)) return left;
  const numbers = [left, right];
  if (numbers.every((type) => type === BIGINT || type === DOUBLE)) return DOUBLE;
  if (numbers.every((type) => type === BIGINT || type === HUGEINT)) return HUGEINT;
  throw new ParamError("A list of parameters must have values of one kind.");
}

/** A parameter that has no type in SQL. */
export class ParamError extends Error {}
