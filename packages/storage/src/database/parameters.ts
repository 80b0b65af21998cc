import { MillraceError } from "@millrace/contract";

import type { Parameter } from "../executor.ts";

const yearFirstText = 1;
const yearLastText = 9999;

/** Encodes values as PostgreSQL's text format; null stays null. @throws VALIDATION_FAILED for an undefined value or an invalid date. */
export function encodeParameters(parameters: readonly Parameter[]): (string | null)[] {
  return parameters.map(encodeParameter);
}

function encodeParameter(value: Parameter): string | null {
  if (typeof value === "string") return value;
  if (value === null) return null;
  if (Array.isArray(value)) return encodeArray(value);
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
  return encodeScalar(value as Scalar);
}

type Scalar = boolean | number | bigint | string | Date;

function encodeScalar(value: Scalar): string {
  if (value instanceof Date) return encodeDate(value);
  if (value === undefined || typeof value === "object") {
    throw new MillraceError("VALIDATION_FAILED", "A statement's parameter has no value that PostgreSQL takes");
  }
  return String(value);
}

function encodeArray(values: readonly (Scalar | null)[]): string {
  let text = "{";
  for (const [index, value] of values.entries()) {
    if (index > 0) text += ",";
    if (value === null) text += "NULL";
    else text += typeof value === "string" ? quoteElement(value) : encodeQuotedUnlessPlain(value);
  }
  return `${text}}`;
}

function encodeQuotedUnlessPlain(value: Scalar): string {
  return value instanceof Date ? `"${encodeDate(value)}"` : encodeScalar(value);
}

const escaped = /["\\]/;
/** What JSON writes in another way than PostgreSQL: control characters and lone surrogates. */
const otherInJson = /[\p{Cc}\p{Cs}]/u;

function quoteElement(text: string): string {
  // Most texts have nothing to escape, and replacing costs ten times as much as looking. Those that have are JSON mostly, and JSON quotes as PostgreSQL does.
  if (!escaped.test(text)) return `"${text}"`;
  return otherInJson.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : JSON.stringify(text);
}

function encodeDate(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) throw new MillraceError("VALIDATION_FAILED", "A date is not valid");
  const text = date.toISOString();
  if (year >= yearFirstText && year <= yearLastText) return text;
  // ISO 8601 writes far years with a sign and six digits, PostgreSQL with as many digits as it takes and with BC.
  const rest = text.slice(text.indexOf("-", 1));
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}
