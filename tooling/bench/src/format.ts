/** A number with thousands separated: `12,345`, `0.50` with two digits. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** With as many digits as say something: `12,345`, `123`, `12.3`, `1.23`. */
export function significant(value: number): string {
  if (Math.abs(value) >= 100) return number(value);
  return number(value, Math.abs(value) >= 10 ? 1 : 2);
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
