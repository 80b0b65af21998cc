import type { Executor, Statement } from "../executor.ts";
import { keyColumns } from "./columns.ts";
import { keyNotFound } from "./get.ts";
import type { ApiKey, KeyRef } from "./key-store.ts";

/** The first revocation's time stays: two at once wait for one another on the row. The notification leaves with the commit. */
const revokeStatement: Statement = {
  name: "keys.revoke",
  text: `
with revoked as (
  update millrace.api_keys set revoked_at = coalesce(revoked_at, now())
  where tenant_id = $1::text and id = $2::uuid
  returning ${keyColumns}
)
select revoked.*, pg_notify($3::text, revoked.id::text) is null as told from revoked`,
};

/** Revokes a key for good, and tells every process. @throws NOT_FOUND */
export async function revokeKey(db: Executor, ref: KeyRef, channel: string): Promise<ApiKey> {
  const [row] = await db.query<ApiKey & { told: boolean }>(revokeStatement, [ref.tenantId, ref.id, channel]);
  if (row === undefined) throw keyNotFound(ref.id);
  const { told: _, ...key } = row;
  return key;
}
