import { withoutTrailingZeros } from "../trailing-zeros.ts";

/** Digits of an exponent that is still counted with; the number is beyond everything long before. */
const exponentDigitsMax = 18;

/**
 * A number of JSON in the one form that all of its spellings share: its digits without zeros at the ends, and the power of ten of the last one.
 * `1.50`, `15e-1` and `0.15E1` are `15e-1`. Text that is no number is its own form, and so is one whose exponent is absurd.
 */
export function normalNumber(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutTrailingZeros(digits);
  if (significant === "") return `${sign}0`;
  if (exponent.length > exponentDigitsMax) return text;
  // An exponent may itself be longer than a double can hold.
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
