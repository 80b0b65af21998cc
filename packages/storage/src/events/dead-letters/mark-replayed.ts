import type { Executor, Statement } from "../../executor.ts";
import type { DeadLetterRef } from "./dead-letter-store.ts";

/** Says when, and guards nothing: a replay has an idempotency key of its own, so that two of one letter are one event. */
const markStatement: Statement = {
  name: "deadLetters.markReplayed",
  text: `
update millrace.dead_letters d set replayed_at = clock_timestamp() where d.tenant_id = $1::text and d.id = $2::uuid
returning d.id`,
};

/** Remembers that a dead letter was sent in again; false where there is none. */
export async function markReplayed(db: Executor, { tenantId, id }: DeadLetterRef): Promise<boolean> {
  const rows = await db.query(markStatement, [tenantId, id]);
  return rows.length === 1;
}
