import { refuse, type ValueCheck } from "./faults.ts";

/** Text that a database can keep and give back unchanged. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

export const storableExpected = "Text without NUL and lone surrogates";

/** Any text. */
export const checkText: ValueCheck = (value, faults) => {
  if (typeof value !== "string") return refuse(faults, "wrong_type", "Text", value);
  return isStorable(value) ? value : refuse(faults, "invalid_text", storableExpected, value);
};

export const checkBoolean: ValueCheck = (value, faults) =>
  typeof value === "boolean" ? value : refuse(faults, "wrong_type", "true or false", value);

const uuidPattern = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const uuidExpected = "A UUID such as 0198a3c4-5d6e-7f80-9a1b-2c3d4e5f6071";

/** UUIDs of any version, in either case. */
export const checkUuid: ValueCheck = (value, faults) => {
  if (typeof value !== "string") return refuse(faults, "wrong_type", uuidExpected, value);
  return uuidPattern.test(value) ? value : refuse(faults, "invalid_uuid", uuidExpected, value);
};
