import type { Executor, Statement } from "../executor.ts";
import { isLive } from "./columns.ts";
import type { KeyForCheck } from "./key-store.ts";

/** A read by unique index; whether the key is live is decided here, by the one clock that all processes share. */
const findStatement: Statement = {
  name: "keys.find",
  text: `
select id, tenant_id as "tenantId", hash, scopes, queues, tables, ${isLive} as live, expires_at as "expiresAt",
  (extract(epoch from expires_at - now()) * 1000)::float8 as "expiresInMs"
from millrace.api_keys where start = $1::text`,
};

/** The key with this public part, whatever its state. */
export async function findKey(db: Executor, start: string): Promise<KeyForCheck | undefined> {
  const [row] = await db.query<KeyForCheck>(findStatement, [start]);
  return row;
}
