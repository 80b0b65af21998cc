import type { Executor, Statement } from "../executor.ts";
import { idAfter, idBefore, idMax, lowerId } from "../id-time.ts";
import type { AuditEntry, AuditFilter, AuditPage } from "./audit-store.ts";

const rowsExaminedMax = 5_000;

/** Reads a bounded stretch of the tenant's entries, which are never changed, and shows those that match. */
const listStatement: Statement = {
  name: "audit.list",
  text: `
with examined as materialized (
  select a.* from millrace.audit_log a where a.tenant_id = $1::text and a.id < $2::uuid and a.id > $8::uuid
  order by a.id desc limit ${rowsExaminedMax}
),
matching as (
  select e.* from examined e
  where ($3::text is null or e.action = $3::text) and ($4::text is null or e.target = $4::text)
    and ($5::timestamptz is null or e.at > $5::timestamptz) and ($6::timestamptz is null or e.at < $6::timestamptz)
  order by e.id desc limit $7::integer
)
select m.id, m.tenant_id as "tenantId", m.at, m.actor, m.action, m.target, m.detail, s.stop
from (select (select e.id from examined e order by e.id desc offset ${rowsExaminedMax - 1} limit 1) as stop) s
left join matching m on true order by m.id desc`,
};

type Row = (AuditEntry | { readonly id: null }) & { readonly stop: string | null };

/** A page of the tenant's entries, newest first. */
export async function listAudit(db: Executor, filter: AuditFilter): Promise<AuditPage> {
  const rows = await db.query<Row>(listStatement, [
    filter.tenantId,
    lowerId(filter.beforeId ?? idMax, idAfter(filter.before)),
    filter.action ?? null,
    filter.target ?? null,
    filter.after ?? null,
    filter.before ?? null,
    filter.limit + 1,
    idBefore(filter.after),
  ]);
  const found = rows.flatMap(({ stop: _, ...row }) => (row.id === null ? [] : [row]));
  const entries = found.slice(0, filter.limit);
  if (found.length > filter.limit) return { entries, nextBeforeId: entries.at(-1)?.id ?? null };
  return { entries, nextBeforeId: rows[0]?.stop ?? null };
}
