const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** How a duration is written: whole milliseconds, or a whole number with a unit. */
export const durationPattern = /^(\d+)(ms|s|m|h)?$/;

/** Milliseconds of `500`, `500ms`, `5s`, `2m` or `1h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * unitsMs[(match[2] ?? "ms") as keyof typeof unitsMs];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest exact way to write a number of milliseconds: `90000` is `90s`, `120000` is `2m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  const unit = (["h", "m", "s"] as const).find((candidate) => ms % unitsMs[candidate] === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unitsMs[unit]}${unit}`;
}
