import { normalNumber } from "./normal-number.ts";

/** A number token that a double may not hold: more than fifteen digits, or an exponent. It may also match within a string, which costs time only. */
const oddNumber = /[:[,]\s*-?(?:[\d.]{16}|[\d.]+[eE])/;
const plainDigitsMax = 15;

/**
 * `JSON.parse` that keeps every digit: a number that a double can't hold becomes `JSON.rawJSON` of its own text, which `JSON.stringify` writes as it was.
 * All other numbers are numbers. @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  // The text is parsed without a reviver first, also where it has to be parsed again: in V8 14 a reviver that takes the source corrupts the
  // heap when the text turns out to be malformed, and the process dies of it some time later.
  const plain: unknown = JSON.parse(text);
  if (!oddNumber.test(text)) return plain;
  return JSON.parse(text, keepDigits as (name: string, value: unknown) => unknown);
}

/** What a record holds in place of a number that a double can't hold. */
export interface RawNumber {
  readonly rawJSON: string;
}

interface RawJsonApi {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}

/** TypeScript's library doesn't know them yet; every Node that we run on has both. */
const json = JSON as unknown as RawJsonApi;

export const rawJson = json.rawJSON;
export const isRawJson = json.isRawJSON;

function keepDigits(_name: string, value: unknown, { source }: { readonly source: string }): unknown {
  if (typeof value !== "number") return value;
  if (source.length <= plainDigitsMax && !/e/i.test(source)) return value;
  const kept = String(value);
  return kept === source || normalNumber(kept) === normalNumber(source) ? value : json.rawJSON(source);
}
