/** The value below which the share `of` (0 to 1) of the values lies: the nearest of them, not one in between. @throws RangeError without values */
export function percentile(values: readonly number[], of: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(of * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("Nothing has no percentile");
  return value;
}
