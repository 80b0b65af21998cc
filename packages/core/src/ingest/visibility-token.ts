import { createHash } from "node:crypto";

import { MillraceError } from "@millrace/contract";

/**
 * A place in a tenant's log as text: version, digest of the tenant, offset, check. It is opaque to clients, not secret: whoever makes one up gains nothing,
 * since it only says what a query waits for.
 */
export function encodeVisibilityToken(tenantId: string, offset: number): string {
  const token = Buffer.alloc(tokenBytes);
  token[0] = version;
  digest(tenantId, tenantBytes).copy(token, 1);
  token.writeBigUInt64BE(BigInt(offset), offsetAt);
  digest(token.subarray(0, checkAt), checkBytes).copy(token, checkAt);
  return token.toString("base64url");
}

/** The offset in a tenant's token. @throws VISIBILITY_TOKEN_INVALID, TOKEN_SCOPE_MISMATCH for another tenant's */
export function decodeVisibilityToken(tenantId: string, text: string): number {
  const token = Buffer.from(text, "base64url");
  const isOurs =
    token.length === tokenBytes &&
    token[0] === version &&
    token.toString("base64url") === text &&
    digest(token.subarray(0, checkAt), checkBytes).equals(token.subarray(checkAt));
  const offset = isOurs ? token.readBigUInt64BE(offsetAt) : undefined;
  if (offset === undefined || offset > Number.MAX_SAFE_INTEGER) {
    throw new MillraceError("VISIBILITY_TOKEN_INVALID", "Give a visibilityToken as an answer to ingest held it.");
  }
  if (!digest(tenantId, tenantBytes).equals(token.subarray(1, offsetAt))) {
    throw new MillraceError("TOKEN_SCOPE_MISMATCH", "This visibilityToken was given to another tenant.");
  }
  return Number(offset);
}

const version = 1;
const tenantBytes = 7;
const checkBytes = 4;
const offsetAt = 1 + tenantBytes;
const checkAt = offsetAt + 8;
const tokenBytes = checkAt + checkBytes;

function digest(of: string | Buffer, bytes: number): Buffer {
  return createHash("sha256").update("millrace visibility ").update(of).digest().subarray(0, bytes);
}
