import type { Executor, Statement } from "../../executor.ts";
import { idMax } from "../../id-time.ts";
import { liveTable, summaryColumns } from "./columns.ts";
import type { DeadLetterFilter, DeadLetterSummary } from "./dead-letter-store.ts";

/** Ids only grow with time, so a page of older ones is the same whatever is added meanwhile. */
const listStatement: Statement = {
  name: "deadLetters.list",
  text: `
select ${summaryColumns}
from millrace.dead_letters d ${liveTable}
where d.tenant_id = $1::text and d.id < $2::uuid and ($3::text[] is null or t.name = any($3::text[]))
order by d.id desc limit $4::integer`,
};

/** A page of a tenant's dead letters, newest first. */
export async function listDeadLetters(
  db: Executor,
  { tenantId, beforeId, tables, limit }: DeadLetterFilter,
): Promise<readonly DeadLetterSummary[]> {
  return db.query<DeadLetterSummary>(listStatement, [tenantId, beforeId ?? idMax, tables ?? null, limit]);
}
