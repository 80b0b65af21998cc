import type { Executor } from "../executor.ts";
import type { AuditStore } from "./audit-store.ts";
import { listAudit } from "./list.ts";
import { recordAudit } from "./record.ts";

/** The audit log in PostgreSQL; the database stays its owner's. */
export function createPostgresAuditStore(db: Executor): AuditStore {
  return {
    recordAudit: (entry) => recordAudit(db, entry),
    listAudit: (filter) => listAudit(db, filter),
  };
}
