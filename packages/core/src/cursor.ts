import { createHash } from "node:crypto";

import { MillraceError } from "@millrace/contract";

const version = "1";
const uuidPosition = /^[0-9a-f-]{36}$/;

/** An opaque keyset cursor: the last position, bound to the filter it belongs to. */
export function encodeCursor(position: string, filter: object): string {
  return Buffer.from(`${version}.${position}.${digest(filter)}`).toString("base64url");
}

/** The position in a cursor. @throws VALIDATION_FAILED for a cursor that is not ours or belongs to another filter */
export function decodeCursor(cursor: string, filter: object, isPosition = uuidPosition): string {
  const [found, position, hash] = Buffer.from(cursor, "base64url").toString("utf8").split(".");
  if (found !== version || position === undefined || !isPosition.test(position) || hash !== digest(filter)) {
    throw new MillraceError("VALIDATION_FAILED", "The cursor does not belong to this list.", {
      errors: [
        { path: "cursor", code: "invalid_cursor", message: "Give the nextCursor of a page with the same filters." },
      ],
    });
  }
  return position;
}

const namePosition = /^[A-Za-z0-9_-]+$/;

/** A cursor over names, which may hold what a position may not. */
export function encodeNameCursor(name: string, filter: object): string {
  return encodeCursor(Buffer.from(name).toString("base64url"), filter);
}

/** The name in a cursor. A NUL, which only a forged one can hold, is no text to the database. @throws VALIDATION_FAILED */
export function decodeNameCursor(cursor: string, filter: object): string {
  const position = decodeCursor(cursor, filter, namePosition);
  return Buffer.from(position, "base64url").toString("utf8").replaceAll("\0", "");
}

function digest(filter: object): string {
  const known = Object.entries(filter).filter(([, value]) => value !== undefined);
  return createHash("sha256")
    .update(JSON.stringify(known.toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest("base64url")
    .slice(0, 16);
}
