import { type ColumnType, decimalOf, type FieldError, type Json, tableLimits } from "@millrace/contract";

import { parseExactJson, rawJson } from "../ingest/parse-json.ts";
import { checkOf } from "./records/check-value.ts";
import { exactNumber } from "./records/exact-number.ts";
import type { Faults } from "./records/faults.ts";

/** As many digits as every reader of JSON keeps. */
const digitsKept = 15;

/** A default as it is stored, JSON text, or what is wrong with it. `path` is the way to it. */
export function toDefault(
  type: ColumnType,
  value: Json,
  path: readonly (string | number)[],
): { readonly text: string } | { readonly errors: readonly FieldError[] } {
  const faults: Faults = { path: [...path], errors: [] };
  const given = type === "int64" && typeof value === "string" && /^-?\d{1,20}$/.test(value) ? wholeOf(value) : value;
  const text = JSON.stringify(checkOf(type, "strict")(given, faults)) as string | undefined;
  if (faults.errors.length > 0) return { errors: faults.errors };
  if (text !== undefined && Buffer.byteLength(text) <= tableLimits.defaultBytesMax) return { text };
  const message = `At most ${tableLimits.defaultBytesMax} bytes of JSON.`;
  return { errors: [{ path: path.join("."), code: "too_big", message }] };
}

/** Leading zeros are no JSON. */
function wholeOf(text: string): unknown {
  return rawJson(text.replace(/^(-?)0+(?=\d)/, "$1"));
}

/** A default as answers show it, in a form that a request may have: numbers that JSON readers would change are text. */
export function toDefaultJson(type: ColumnType, text: string): Json {
  if (type === "int64" || (typeof type === "string" && decimalOf(type) !== undefined)) {
    const plain = text.replaceAll('"', "");
    return exactNumber(plain).digits.length <= digitsKept && Number.isSafeInteger(Math.trunc(Number(plain)))
      ? Number(plain)
      : plain;
  }
  return parseExactJson(text) as Json;
}
