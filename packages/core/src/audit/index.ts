export { audit, type Audited } from "./audit.ts";
export { type AuditList, listAudit, toAuditJson } from "./list.ts";
