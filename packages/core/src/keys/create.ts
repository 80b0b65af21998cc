import { type CreateKeyRequest, createKeyRequestSchema } from "@millrace/contract";

import { audit } from "../audit/audit.ts";
import { type KeyCtx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { requireCovers } from "./covers.ts";
import { type IssuedKey, issueKey } from "./issue.ts";

/** Makes a key that can do no more than the caller's, and for no longer. @throws FORBIDDEN, VALIDATION_FAILED */
export async function createKey(ctx: KeyCtx, input: CreateKeyRequest): Promise<IssuedKey> {
  requireScope(ctx, "keys:admin");
  const request = parse(createKeyRequestSchema, input);
  const ends = request.expiresAt;
  requireCovers(ctx, { ...request, expiresAt: ends === undefined ? undefined : new Date(ends) });
  const { tenantId, keyId } = ctx.actor;
  const issued = await issueKey(ctx.keys, { ...request, tenantId, createdBy: keyId }, ctx.keyKind);
  const { id, name, scopes, queues, tables, expiresAt } = issued.stored;
  const detail = { name, scopes, queues, tables, expiresAt: expiresAt?.toISOString() ?? null };
  await audit(ctx, { action: "key.create", target: id, detail });
  return issued;
}
