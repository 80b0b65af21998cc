import type { Executor, Statement } from "../executor.ts";
import { keyColumns } from "./columns.ts";
import type { ApiKey, KeyFilter, KeyPage } from "./key-store.ts";

/** A keyset walk down (tenant, id): a key that is there throughout is seen exactly once, whatever is made meanwhile. */
const listStatement: Statement = {
  name: "keys.list",
  text: `
select ${keyColumns} from millrace.api_keys
where tenant_id = $1::text and ($2::uuid is null or id < $2::uuid)
order by id desc limit $3::integer`,
};

/** A page of the tenant's keys, newest first. */
export async function listKeys(db: Executor, { tenantId, limit, beforeId }: KeyFilter): Promise<KeyPage> {
  const rows = await db.query<ApiKey>(listStatement, [tenantId, beforeId ?? null, limit + 1]);
  const keys = rows.slice(0, limit);
  return { keys, nextBeforeId: rows.length > limit ? (keys.at(-1)?.id ?? null) : null };
}
