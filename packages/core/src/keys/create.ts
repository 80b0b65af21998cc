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
  const { expiresAt } = request;
  requireCovers(ctx, { ...request, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) });
  const { tenantId, keyId } = ctx.actor;
  const issued = await issueKey(ctx.keys, { ...request, tenantId, createdBy: keyId }, ctx.keyKind);
  const { id, name, scopes } = issued.stored;
  await audit(ctx, { action: "key.create", target: id, detail: { name, scopes: [...scopes] } });
  return issued;
}
