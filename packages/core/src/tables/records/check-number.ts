import { isRawJson, rawJson } from "../../ingest/parse-json.ts";
import { exactNumber, fractionDigits, plainText, wholeDigits } from "./exact-number.ts";
import { refuse, type ValueCheck } from "./faults.ts";

const int32Max = 2_147_483_647;
const int64Max = 9_223_372_036_854_775_807n;
const int64DigitsMax = 19;
const int32Expected = "A whole number from -2147483648 to 2147483647";
const int64Expected = "A whole number from -9223372036854775808 to 9223372036854775807";
const floatExpected = "A number that a 64-bit float can hold";

/** Whole numbers of 32 bits. */
export const checkInt32: ValueCheck = (value, faults) => {
  if (typeof value === "number") {
    if (Number.isInteger(value)) {
      if (value <= int32Max && value >= -int32Max - 1) return value;
      return refuse(faults, "out_of_range", int32Expected, value);
    }
    return refuse(faults, Number.isFinite(value) ? "lossy_number" : "out_of_range", int32Expected, value);
  }
  if (!isRawJson(value)) return refuse(faults, "wrong_type", int32Expected, value);
  const isWhole = fractionDigits(exactNumber(value.rawJSON)) === 0;
  return refuse(faults, isWhole ? "out_of_range" : "lossy_number", int32Expected, value);
};

/** Whole numbers of 64 bits. What comes as a number beyond 2^53 is written again with the digits that it was read from. */
export const checkInt64: ValueCheck = (value, faults) => {
  if (Number.isSafeInteger(value)) return value;
  const isNumber = typeof value === "number";
  if (!isNumber && !isRawJson(value)) return refuse(faults, "wrong_type", int64Expected, value);
  if (isNumber && !Number.isFinite(value)) return refuse(faults, "out_of_range", int64Expected, value);
  const number = exactNumber(isNumber ? String(value) : value.rawJSON);
  if (fractionDigits(number) > 0) return refuse(faults, "lossy_number", int64Expected, value);
  if (wholeDigits(number) > int64DigitsMax) return refuse(faults, "out_of_range", int64Expected, value);
  const text = plainText(number);
  const whole = BigInt(text);
  if (whole > int64Max || whole < -int64Max - 1n) return refuse(faults, "out_of_range", int64Expected, value);
  return isNumber || value.rawJSON === text ? value : rawJson(text);
};

/** Floats of 64 bits. A fraction with more digits is rounded to the nearest one, as in every language; a whole number never is. */
export const checkFloat64: ValueCheck = (value, faults) => {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return refuse(faults, "out_of_range", floatExpected, value);
    // JSON text of a negative zero has no sign unless it has a point.
    return Object.is(value, -0) ? rawJson("-0.0") : value;
  }
  if (!isRawJson(value)) return refuse(faults, "wrong_type", floatExpected, value);
  const nearest = Number(value.rawJSON);
  const number = exactNumber(value.rawJSON);
  if (!Number.isFinite(nearest) || (nearest === 0 && number.digits !== "")) {
    return refuse(faults, "out_of_range", floatExpected, value);
  }
  const isWhole = fractionDigits(number) === 0;
  if (isWhole && BigInt(nearest) !== BigInt(plainText(number))) {
    return refuse(faults, "lossy_number", floatExpected, value);
  }
  return value;
};

const decimalPattern = /^-?\d{1,40}(?:\.\d{1,40})?$/;

/**
 * Decimals of so many digits, so many of them behind the point, as numbers or as the text that queries answer with. They are stored as text:
 * DuckDB reads a JSON number that is not whole as a float first.
 */
export function checkDecimal(precision: number, scale: number): ValueCheck {
  const expected = `A decimal with ${precision - scale} digits in front of the point and ${scale} behind at most`;
  return (value, faults) => {
    if (typeof value === "number" && !Number.isFinite(value)) return refuse(faults, "out_of_range", expected, value);
    const text = decimalTextOf(value);
    if (text === undefined) return refuse(faults, "wrong_type", expected, value);
    const number = exactNumber(text);
    if (wholeDigits(number) > precision - scale) return refuse(faults, "out_of_range", expected, value);
    if (fractionDigits(number) > scale) return refuse(faults, "lossy_number", expected, value);
    return Number.isSafeInteger(value) ? value : plainText(number);
  };
}

function decimalTextOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (isRawJson(value)) return value.rawJSON;
  return typeof value === "string" && decimalPattern.test(value) ? value : undefined;
}
