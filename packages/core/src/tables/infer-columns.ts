import type { NewColumn, ScalarType } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { isRawJson } from "../ingest/parse-json.ts";

const int64Max = 9_223_372_036_854_775_807n;

/**
 * Nullable columns for fields that a table doesn't have, by name and value; a name may come with several values. Text stays text even where it looks
 * like a time, since the next one may not. Lists, objects and what is of several kinds become json, which holds anything.
 */
export function inferColumns(unknown: Iterable<readonly [name: string, value: unknown]>): readonly NewColumn[] {
  const types = new Map<string, ScalarType>();
  for (const [name, value] of unknown) {
    const type = inferType(value);
    if (type === undefined) continue;
    const before = types.get(name);
    types.set(name, before === undefined ? type : common(before, type));
  }
  return [...types].map(([name, type]) => ({ name, type, nullable: true }));
}

/** @yields what payloads hold that a table has no columns for, by name and value */
export function* unknownFields(
  table: Pick<EventTable, "columns">,
  payloads: Iterable<object>,
): Generator<readonly [name: string, value: unknown]> {
  const known = new Set(table.columns.map(({ name }) => name));
  for (const payload of payloads) {
    for (const [name, value] of Object.entries(payload)) if (!known.has(name)) yield [name, value];
  }
}

/** Undefined for null, which says nothing. */
function inferType(value: unknown): ScalarType | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "varchar";
  if (typeof value === "number") return Number.isInteger(value) ? wholeType(String(value)) : "float64";
  return isRawJson(value) ? wholeType(value.rawJSON) : "json";
}

/** Whole numbers of more than 64 bits keep their digits as json only. */
function wholeType(text: string): ScalarType {
  if (!/^-?\d+$/.test(text)) return "float64";
  const whole = BigInt(text);
  return whole <= int64Max && whole >= -int64Max - 1n ? "int64" : "json";
}

function common(a: ScalarType, b: ScalarType): ScalarType {
  if (a === b) return a;
  const numbers: readonly ScalarType[] = ["int64", "float64"];
  return numbers.includes(a) && numbers.includes(b) ? "float64" : "json";
}
