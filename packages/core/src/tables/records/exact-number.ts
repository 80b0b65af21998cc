import { withoutTrailingZeros } from "../../trailing-zeros.ts";

/** A decimal number as digits without zeros at either end, and the power of ten of the last digit. Zero has no digits. */
export interface ExactNumber {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** The exact value of a number's text as JSON has it. */
export function exactNumber(text: string): ExactNumber {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = withoutTrailingZeros(all);
  const shift = all.length - digits.length - fraction.length;
  return { negative: sign === "-", digits, exponent: digits === "" ? 0 : Number(exponent) + shift };
}

/** How many digits it has in front of the point. */
export function wholeDigits({ digits, exponent }: ExactNumber): number {
  return Math.max(0, digits.length + exponent);
}

/** How many digits it has behind the point. */
export function fractionDigits({ exponent }: ExactNumber): number {
  return Math.max(0, -exponent);
}

/** Its text without an exponent; for numbers of which the number of digits was looked at before. */
export function plainText(number: ExactNumber): string {
  const { negative, digits, exponent } = number;
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent >= 0) return sign + digits + "0".repeat(exponent);
  const padded = digits.padStart(1 - exponent, "0");
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
