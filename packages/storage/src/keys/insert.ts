import { v7 as uuidv7 } from "uuid";

import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { keyColumns } from "./columns.ts";
import type { ApiKey, NewKey } from "./key-store.ts";

/** The unique public part decides between two keys that were drawn alike, which nobody will live to see. */
const insertStatement: Statement = {
  name: "keys.insert",
  text: `
insert into millrace.api_keys (id, tenant_id, name, start, hash, scopes, queues, tables, created_by, expires_at)
values ($1::uuid, $2::text, $3::text, $4::text, $5::bytea, $6::text[], $7::text[], $8::text[], $9::uuid, $10::timestamptz)
returning ${keyColumns}`,
};

/** Stores a new key. */
export async function insertKey(db: Executor, key: NewKey): Promise<ApiKey> {
  const [row] = await db.query<ApiKey>(insertStatement, [
    uuidv7(),
    key.tenantId,
    key.name,
    key.start,
    key.hash,
    key.scopes,
    key.queues,
    key.tables ?? null,
    key.createdBy,
    key.expiresAt,
  ]);
  if (row === undefined) throw new MillraceError("INTERNAL", "The key was not stored.");
  return row;
}
