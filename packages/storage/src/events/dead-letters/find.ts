import type { Executor, Statement } from "../../executor.ts";
import { liveTable, summaryColumns } from "./columns.ts";
import type { DeadLetter, DeadLetterRef } from "./dead-letter-store.ts";

/** Reads one row, which never changes but for the time of its replay. */
const findStatement: Statement = {
  name: "deadLetters.find",
  text: `
select ${summaryColumns}, d.payload
from millrace.dead_letters d ${liveTable} where d.tenant_id = $1::text and d.id = $2::uuid`,
};

/** A tenant's dead letter with its payload. */
export async function findDeadLetter(db: Executor, { tenantId, id }: DeadLetterRef): Promise<DeadLetter | undefined> {
  const [row] = await db.query<DeadLetter>(findStatement, [tenantId, id]);
  return row;
}
