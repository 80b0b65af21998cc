/** How far the clock that makes ids may be from the database's, where times become bounds on ids. */
const clockSlackMs = 24 * 3_600_000;

export const idMax = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const idMin = "00000000-0000-0000-0000-000000000000";

/** Below this id (UUIDv7) is all that was made before `time`. */
export function idAfter(time: Date | undefined): string {
  return time === undefined ? idMax : idAt(time.getTime() + clockSlackMs);
}

/** Above this id (UUIDv7) is all that was made after `time`. */
export function idBefore(time: Date | undefined): string {
  return time === undefined ? idMin : idAt(time.getTime() - clockSlackMs);
}

/** The lower of two ids. */
export function lowerId(one: string, other: string): string {
  return one < other ? one : other;
}

/** The lowest UUIDv7 of a millisecond. */
function idAt(epochMs: number): string {
  const hex = Math.min(Math.max(0, epochMs), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
