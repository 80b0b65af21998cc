/**
 * A number of JSON in the one form that all of its spellings share: its digits without zeros at the ends, and the power of ten of the last one.
 * `1.50`, `15e-1` and `0.15E1` are `15e-1`. Text that is no number is its own form.
 */
export function normalNumber(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return `${sign}0`;
  // An exponent may itself be longer than a double can hold.
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
