import { mintKey } from "@millrace/auth";
import { type RotateKeyRequest, rotateKeyRequestSchema } from "@millrace/contract";

import { audit } from "../audit/audit.ts";
import { type KeyCtx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { requireCovers } from "./covers.ts";
import type { IssuedKey } from "./issue.ts";
import { keyRef } from "./key-ref.ts";

/**
 * Makes the successor of a key, with a new secret; the old one ends after the overlap.
 * The caller learns the secret, so the key can be no wider than the caller's and end no later. @throws FORBIDDEN, VALIDATION_FAILED, NOT_FOUND, INVALID_STATE
 */
export async function rotateKey(
  ctx: KeyCtx,
  input: { readonly id: string; readonly rotation: RotateKeyRequest },
): Promise<IssuedKey> {
  requireScope(ctx, "keys:admin");
  const { overlapMs } = parse(rotateKeyRequestSchema, input.rotation);
  const ref = keyRef(ctx, input.id);
  requireCovers(ctx, await ctx.keys.getKey(ref));
  const { key, start, hash } = mintKey(ctx.keyKind ?? "live");
  const stored = await ctx.keys.rotateKey(ref, { start, hash, overlapMs, createdBy: ctx.actor.keyId ?? null });
  await audit(ctx, { action: "key.rotate", target: ref.id, detail: { successor: stored.id, overlapMs } });
  return { stored, key };
}
