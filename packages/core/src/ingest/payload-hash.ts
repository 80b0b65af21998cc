import { hash } from "node:crypto";

import type { EventOp } from "@millrace/contract";

import { normalNumber } from "./normal-number.ts";
import { isRawJson } from "./parse-json.ts";

/** What a record means, apart from its key. */
export interface RecordMeaning {
  readonly op: EventOp;
  /** As it was sent. */
  readonly payload: object;
  readonly eventTimeMs: number | undefined;
}

const uuidGroups = [8, 12, 16, 20] as const;

/**
 * A 128-bit digest, as a UUID, that is equal for records that mean the same: members may come in any order, numbers in any spelling. It is of the payload as sent,
 * not as stored: a retry stays a duplicate when the table's columns have changed meanwhile.
 */
export function payloadHash({ op, payload, eventTimeMs }: RecordMeaning): string {
  const hex = hash("sha256", `${op} ${eventTimeMs ?? ""} ${canonical(payload)}`, "hex");
  const [a, b, c, d] = uuidGroups;
  return `${hex.slice(0, a)}-${hex.slice(a, b)}-${hex.slice(b, c)}-${hex.slice(c, d)}-${hex.slice(d, 32)}`;
}

/** Text that differs for values that differ: lengths stand in for quotes, which costs a fraction of escaping. */
function canonical(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `"${value.length}:${value}`;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
      return isRawJson(value) ? normalNumber(value.rawJSON) : canonicalObject(value);
    case "number":
      return normalDouble(value);
    default:
      return String(value);
  }
}

function canonicalObject(value: object): string {
  let text = "{";
  for (const name of sortedNames(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member !== undefined) text += `${name.length}:${name}=${canonical(member)},`;
  }
  return `${text}}`;
}

function sortedNames(value: object): readonly string[] {
  const names = Object.keys(value);
  for (let i = 1; i < names.length; i++) if ((names[i - 1] ?? "") > (names[i] ?? "")) return names.toSorted();
  return names;
}

/** Small integers, which most numbers are, have one spelling anyway. */
function normalDouble(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}i` : normalNumber(String(value));
}
