import type { ApiKey } from "@millrace/storage";

import { type KeyCtx, requireScope } from "../context.ts";
import { keyRef } from "./key-ref.ts";

/** Revokes a key for good; one that is revoked already stays so. It goes on being listed. @throws FORBIDDEN, NOT_FOUND */
export async function revokeKey(ctx: KeyCtx, input: { readonly id: string }): Promise<ApiKey> {
  requireScope(ctx, "keys:admin");
  return ctx.keys.revokeKey(keyRef(ctx, input.id));
}
