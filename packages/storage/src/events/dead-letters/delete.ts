import type { Executor, Statement } from "../../executor.ts";
import type { DeadLetterRef } from "./dead-letter-store.ts";

/** Of two at the same time one has deleted it. */
const deleteStatement: Statement = {
  name: "deadLetters.delete",
  text: `
delete from millrace.dead_letters d where d.tenant_id = $1::text and d.id = $2::uuid
returning d.id`,
};

/** Discards a dead letter; false where there is none. */
export async function deleteDeadLetter(db: Executor, { tenantId, id }: DeadLetterRef): Promise<boolean> {
  const rows = await db.query(deleteStatement, [tenantId, id]);
  return rows.length === 1;
}
