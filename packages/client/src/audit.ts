import type { AuditEntryJson, ListAuditQuery } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { Transport } from "./transport.ts";

export interface AuditPage {
  readonly items: readonly AuditEntryJson[];
  readonly nextCursor: string | null;
}

/** The audit log of the key's tenant. Every call can throw MillraceApiError. */
export interface AuditClient {
  /** One page, newest first; it may be short while `nextCursor` is set. */
  list(query?: ListAuditQuery, options?: CallOptions): Promise<AuditPage>;
}

/** The calls of `/v1/audit`. */
export function createAuditClient(send: Transport): AuditClient {
  return {
    async list(query = {}, options) {
      const request = { method: "GET", path: `/v1/audit${search(query)}`, repeatable: true } as const;
      return (await send(request, options)).body as AuditPage;
    },
  };
}
