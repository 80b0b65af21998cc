import { MillraceError } from "@millrace/contract";

/** What an S3 key may have, less room for a prefix and for what a store adds to a name while it writes. */
const pathBytesMax = 900;
const segmentBytesMax = 200;

/** True for segments of `[A-Za-z0-9._-]` with `/` between them, none of them `.` or `..`. */
export function isObjectPath(path: string): boolean {
  return (
    path.length <= pathBytesMax &&
    /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(path) &&
    path.split("/").every((segment) => segment.length <= segmentBytesMax && segment !== "." && segment !== "..")
  );
}

/** Refuses a path that could lead out of the store or mean another object elsewhere. @throws INTERNAL */
export function checkObjectPath(path: string): void {
  if (!isObjectPath(path)) throw new MillraceError("INTERNAL", `${JSON.stringify(path)} can't name an object`);
}

/** Refuses what no path starts with; empty means everything. @throws INTERNAL */
export function checkObjectPrefix(prefix: string): void {
  const whole = prefix === "" || prefix.endsWith("/") ? `${prefix}x` : prefix;
  // A prefix may end within a segment, so that its last one may also be a dot or two.
  if (!isObjectPath(whole) && !isObjectPath(`${whole}x`)) {
    throw new MillraceError("INTERNAL", `${JSON.stringify(prefix)} can't be what paths of objects start with`);
  }
}

/** A part of an object's bytes. */
export interface ByteRange {
  readonly start: number;
  /** Exclusive; past the object's end it means its end. */
  readonly end: number;
}

/** Refuses a range that isn't one. @throws INTERNAL */
export function checkByteRange({ start, end }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new MillraceError("INTERNAL", `There are no bytes from ${start} to ${end}`);
  }
}
