import { type ListKeysQuery, listKeysQuerySchema } from "@millrace/contract";
import type { ApiKey } from "@millrace/storage";

import { type KeyCtx, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";

export interface KeyList {
  readonly keys: readonly ApiKey[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's keys, newest first; revoked and expired ones too. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listKeys(ctx: KeyCtx, input: ListKeysQuery): Promise<KeyList> {
  requireScope(ctx, "keys:admin");
  const { limit, cursor } = parse(listKeysQuerySchema, input);
  const filter = { list: "keys" };
  const page = await ctx.keys.listKeys({
    tenantId: ctx.actor.tenantId,
    limit,
    beforeId: cursor === undefined ? undefined : decodeCursor(cursor, filter),
  });
  return {
    keys: page.keys,
    nextCursor: page.nextBeforeId === null ? null : encodeCursor(page.nextBeforeId, filter),
  };
}
