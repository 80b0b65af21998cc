import type { ApiKey } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { type KeyCtx, requireScope } from "../context.ts";
import { requireCovers } from "./covers.ts";
import { keyRef } from "./key-ref.ts";

/**
 * Revokes a key for good; one that is revoked already stays so. It goes on being listed.
 * A key may always revoke itself, and another only if it could have made it. @throws FORBIDDEN, NOT_FOUND
 */
export async function revokeKey(ctx: KeyCtx, input: { readonly id: string }): Promise<ApiKey> {
  requireScope(ctx, "keys:admin");
  const ref = keyRef(ctx, input.id);
  const target = await ctx.keys.getKey(ref);
  if (target.id !== ctx.actor.keyId) requireCovers(ctx, target);
  const revoked = await ctx.keys.revokeKey(ref);
  await audit(ctx, { action: "key.revoke", target: ref.id });
  return revoked;
}
