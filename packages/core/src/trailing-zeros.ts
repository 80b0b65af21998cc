/** Digits without the zeros at their end. Looked at from the end: a pattern would try every run of zeros in a long number anew. */
export function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}
