import { v7 as uuidv7 } from "uuid";

import type { Executor, Statement } from "../executor.ts";
import type { NewAuditEntry } from "./audit-store.ts";

/** Only appends. */
const recordStatement: Statement = {
  name: "audit.record",
  text: `
insert into millrace.audit_log (id, tenant_id, actor, action, target, detail)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::json)`,
};

/** Writes an entry. */
export async function recordAudit(db: Executor, entry: NewAuditEntry): Promise<void> {
  const { tenantId, actor, action, target, detail } = entry;
  await db.query(recordStatement, [uuidv7(), tenantId, actor, action, target, JSON.stringify(detail)]);
}
