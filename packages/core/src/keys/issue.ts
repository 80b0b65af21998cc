import { type KeyKind, mintKey } from "@millrace/auth";
import { type CreateKeyRequest, MillraceError, createKeyRequestSchema, tenantIdSchema } from "@millrace/contract";
import type { ApiKey, KeyStore } from "@millrace/storage";

import { parse } from "../parse.ts";

/** A new key and its secret, which nothing can show again. */
export interface IssuedKey {
  readonly stored: ApiKey;
  readonly key: string;
}

export interface IssueKeyInput extends CreateKeyRequest {
  readonly tenantId: string;
  /** The key that asks for it; undefined when an operator does. */
  readonly createdBy?: string | undefined;
}

/**
 * Makes a key without asking who wants it: for the operator's own hand, who has the database, and for a tenant's first key.
 * A request goes through `createKey`. @throws VALIDATION_FAILED
 */
export async function issueKey(keys: KeyStore, input: IssueKeyInput, kind: KeyKind = "live"): Promise<IssuedKey> {
  const { tenantId, createdBy, ...request } = input;
  const { name, scopes, queues, tables, expiresAt } = parse(createKeyRequestSchema, request);
  const minted = mintKey(kind);
  const stored = await keys.createKey({
    tenantId: parse(tenantIdSchema, tenantId),
    name,
    scopes: [...new Set(scopes)],
    queues: queues === undefined ? null : [...new Set(queues)],
    tables: tables === undefined ? null : [...new Set(tables)],
    start: minted.start,
    hash: minted.hash,
    createdBy: createdBy ?? null,
    expiresAt: expiresAt === undefined ? null : future(expiresAt),
  });
  return { stored, key: minted.key };
}

function future(text: string): Date {
  const time = new Date(text);
  if (time.getTime() > Date.now()) return time;
  throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", {
    errors: [{ path: "expiresAt", code: "past", message: "A time in the future." }],
  });
}
