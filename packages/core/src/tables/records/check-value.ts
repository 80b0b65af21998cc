import { type ColumnType, decimalOf, type ScalarType, type SchemaMode, type StructField } from "@millrace/contract";

import { isRawJson } from "../../ingest/parse-json.ts";
import { checkJson } from "./check-json.ts";
import { checkDecimal, checkFloat64, checkInt32, checkInt64 } from "./check-number.ts";
import { checkBoolean, checkText, checkUuid } from "./check-text.ts";
import { checkDate, checkTimestamp } from "./check-time.ts";
import { note, refuse, type ValueCheck } from "./faults.ts";
import { similarName } from "./similar-name.ts";

const scalarChecks: Readonly<Record<Exclude<ScalarType, `decimal(${string}`>, ValueCheck>> = {
  boolean: checkBoolean,
  int32: checkInt32,
  int64: checkInt64,
  float64: checkFloat64,
  varchar: checkText,
  timestamp: checkTimestamp,
  date: checkDate,
  uuid: checkUuid,
  json: checkJson,
};

/** The check of values of a type, null aside. */
export function checkOf(type: ColumnType, mode: SchemaMode): ValueCheck {
  if (typeof type === "object") return "list" in type ? listCheck(type.list, mode) : structCheck(type.struct, mode);
  const decimal = decimalOf(type);
  if (decimal !== undefined) return checkDecimal(decimal.precision, decimal.scale);
  return scalarChecks[type as keyof typeof scalarChecks];
}

function listCheck(type: ColumnType, mode: SchemaMode): ValueCheck {
  const check = checkOf(type, mode);
  return (value, faults) => {
    if (!Array.isArray(value)) return refuse(faults, "wrong_type", "A list", value);
    const elements: readonly unknown[] = value;
    let stored: unknown[] | undefined;
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i];
      if (element === null) continue;
      faults.path.push(i);
      const kept = check(element, faults);
      faults.path.pop();
      if (kept !== element) (stored ??= [...elements])[i] = kept;
    }
    return stored ?? elements;
  };
}

/** Columns can be added for unknown fields, parts of them can't: a struct that meets one refuses it in `evolve` mode too. */
function structCheck(fields: readonly StructField[], mode: SchemaMode): ValueCheck {
  const checks = new Map(fields.map(({ name, type }) => [name, checkOf(type, mode)]));
  return (value, faults) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || isRawJson(value)) {
      return refuse(faults, "wrong_type", "An object", value);
    }
    const members = value as Readonly<Record<string, unknown>>;
    let stored: Record<string, unknown> | undefined;
    for (const name in members) {
      const check = checks.get(name);
      const member = members[name];
      if (check !== undefined && member === null) continue;
      faults.path.push(name);
      if (check !== undefined) {
        const kept = check(member, faults);
        if (kept !== member) (stored ??= { ...members })[name] = kept;
      } else if (mode === "ignore" || (mode === "evolve" && member === null)) {
        stored ??= { ...members };
        delete stored[name];
      } else {
        note(faults, "unknown_field", unknownMessage(name, checks.keys()));
      }
      faults.path.pop();
    }
    return stored ?? value;
  };
}

/** What is said of a field that a table or struct doesn't have. */
export function unknownMessage(name: string, known: Iterable<string>): string {
  const similar = similarName(name, known);
  return similar === undefined ? "This field is not known." : `This field is not known; did you mean ${similar}?`;
}
