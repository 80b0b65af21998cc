import { jsonDepthMax } from "@millrace/contract";

import { isRawJson } from "../../ingest/parse-json.ts";
import { checkFloat64 } from "./check-number.ts";
import { isStorable, storableExpected } from "./check-text.ts";
import { type Faults, refuse, type ValueCheck } from "./faults.ts";

const wholePattern = /^-?\d+$/;

/** Any JSON. Whole numbers keep all their digits, others are those of a 64-bit float. */
export const checkJson: ValueCheck = (value, faults) => {
  look(value, 0, faults);
  return value;
};

function look(value: unknown, depth: number, faults: Faults): void {
  if (typeof value === "string") {
    if (!isStorable(value)) refuse(faults, "invalid_text", storableExpected, value);
  } else if (typeof value === "number") {
    checkFloat64(value, faults);
  } else if (typeof value === "object" && value !== null) {
    if (isRawJson(value)) {
      if (!wholePattern.test(value.rawJSON)) checkFloat64(value, faults);
    } else if (depth === jsonDepthMax) {
      refuse(faults, "too_deep", `At most ${jsonDepthMax} levels of objects and lists`, value);
    } else {
      lookInside(value, depth, faults);
    }
  }
}

function lookInside(value: object, depth: number, faults: Faults): void {
  for (const [name, member] of Object.entries(value)) {
    faults.path.push(name);
    if (isStorable(name)) look(member, depth + 1, faults);
    else refuse(faults, "invalid_text", "A name without NUL and lone surrogates", name);
    faults.path.pop();
  }
}
