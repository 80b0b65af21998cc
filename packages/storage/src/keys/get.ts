import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { keyColumns } from "./columns.ts";
import type { ApiKey, KeyRef } from "./key-store.ts";

/** A plain read; the tenant is part of the condition, so another tenant's key is not there. */
const getStatement: Statement = {
  name: "keys.get",
  text: `select ${keyColumns} from millrace.api_keys where tenant_id = $1::text and id = $2::uuid`,
};

/** One key. @throws NOT_FOUND also for another tenant's key */
export async function getKey(db: Executor, ref: KeyRef): Promise<ApiKey> {
  const [row] = await db.query<ApiKey>(getStatement, [ref.tenantId, ref.id]);
  if (row === undefined) throw keyNotFound(ref.id);
  return row;
}

/** The error for a key that is not there. */
export function keyNotFound(id: string): MillraceError {
  return new MillraceError("NOT_FOUND", `There is no API key ${id}.`);
}
