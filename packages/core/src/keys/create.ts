import { type CreateKeyRequest, createKeyRequestSchema } from "@millrace/contract";

import { type KeyCtx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { requireCovers } from "./covers.ts";
import { type IssuedKey, issueKey } from "./issue.ts";

/** Makes a key that can do no more than the caller's. @throws FORBIDDEN, VALIDATION_FAILED */
export async function createKey(ctx: KeyCtx, input: CreateKeyRequest): Promise<IssuedKey> {
  requireScope(ctx, "keys:admin");
  const request = parse(createKeyRequestSchema, input);
  requireCovers(ctx, request);
  const { tenantId, keyId } = ctx.actor;
  return issueKey(ctx.keys, { ...request, tenantId, createdBy: keyId }, ctx.keyKind);
}
