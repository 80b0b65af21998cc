import type { Readable } from "node:stream";

import { MillraceError } from "@millrace/contract";

/** Bytes of results that are complete and not yet read: they lie on disk, however slow their readers are. */
export interface UnreadResults {
  /** Refuses a query while too much is unread. @throws RATE_LIMITED */
  requireRoom(tenantId: string): void;
  /** Counts a result until its body is closed. */
  add(tenantId: string, result: { readonly bytes: number; readonly body: Readable }): void;
}

/** Results of the largest size that may be unread, of one tenant and of all. */
const perTenantMax = 4;
const allMax = 16;
const retryAfterMs = 2_000;

/** Counts from nothing; `bytesMax` is the size of the largest result. */
export function createUnreadResults({ bytesMax }: { readonly bytesMax: number }): UnreadResults {
  const bytesOf = new Map<string, number>();
  let total = 0;

  function count(tenantId: string, bytes: number): void {
    total += bytes;
    const sum = (bytesOf.get(tenantId) ?? 0) + bytes;
    if (sum > 0) bytesOf.set(tenantId, sum);
    else bytesOf.delete(tenantId);
  }

  return {
    requireRoom(tenantId) {
      if ((bytesOf.get(tenantId) ?? 0) >= perTenantMax * bytesMax) {
        throw refused("Too many bytes of this tenant's results are unread; read them to their end, or close them.");
      }
      if (total >= allMax * bytesMax) throw refused("Too many bytes of results are unread in this process.");
    },
    add(tenantId, { bytes, body }) {
      if (body.closed) return;
      count(tenantId, bytes);
      body.once("close", () => count(tenantId, -bytes));
    },
  };
}

function refused(message: string): MillraceError {
  return new MillraceError("RATE_LIMITED", message, { retryAfterMs });
}
