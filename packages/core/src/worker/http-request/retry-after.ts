const leastMs = 1_000;
const mostMs = 24 * 3_600_000;

/** The wait that a `Retry-After` header asks for, in seconds or until a date, held to a second and a day; undefined for none. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const wanted = wantedMs(header?.trim() ?? "", nowMs);
  return wanted === undefined ? undefined : Math.min(Math.max(wanted, leastMs), mostMs);
}

function wantedMs(value: string, nowMs: number): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const dateMs = /^[A-Z][a-z]{2,8}, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs;
}
