import type { FieldError } from "@millrace/contract";

import { isRawJson } from "../../ingest/parse-json.ts";

/** What is wrong with one value. Codes are stable; `expected` goes on with what was got. */
export type FaultCode =
  | "wrong_type"
  | "required"
  | "unknown_field"
  | "lossy_number"
  | "out_of_range"
  | "invalid_text"
  | "invalid_timestamp"
  | "invalid_date"
  | "invalid_uuid"
  | "too_deep"
  | "op_not_allowed";

/** Collects what is wrong with a record while its values are looked at. */
export interface Faults {
  /** The way from the record to the value that is looked at. */
  readonly path: (string | number)[];
  readonly errors: FieldError[];
}

/** A value as it is to be stored: mostly itself. What is wrong with it goes into the faults, and then the answer means nothing. */
export type ValueCheck = (value: unknown, faults: Faults) => unknown;

const errorsMax = 20;
const shownCharactersMax = 60;

/** Notes that a value is not what was expected, such as "A whole number". */
export function refuse(faults: Faults, code: FaultCode, expected: string, value: unknown): unknown {
  note(faults, code, `${expected}; got ${shown(value)}.`);
  return undefined;
}

/** Notes a fault at the present place. Further ones than the first twenty are dropped. */
export function note(faults: Faults, code: FaultCode, message: string): void {
  if (faults.errors.length < errorsMax) faults.errors.push({ path: shownPath(faults.path), code, message });
}

/** Names are as long as their sender likes. */
function shownPath(path: readonly (string | number)[]): string {
  return path.map((part) => (typeof part === "string" ? cut(part) : part)).join(".");
}

/** A value as a message shows it: short, and with its type where that isn't plain to see. */
export function shown(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return isRawJson(value) ? cut(value.rawJSON) : "an object";
  if (typeof value === "string") return `the text ${cut(JSON.stringify(value.slice(0, shownCharactersMax + 1)))}`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "nothing";
}

function cut(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}…`;
}
