import type { Executor, Statement } from "../../executor.ts";

/** A keyset walk up numbers that are never used again: a tenant that comes meanwhile is seen by this walk or by the next. */
const tenantsStatement: Statement = {
  name: "lake.tenants",
  text: `
select l.tenant_no as "tenantNo", l.tenant_id as "tenantId" from millrace.event_logs l
where l.tenant_no > $1::bigint order by l.tenant_no limit $2::integer`,
};

export interface LogTenant {
  readonly tenantNo: number;
  readonly tenantId: string;
}

/** Tenants with a log, by number. */
export function tenants(
  db: Executor,
  { afterTenantNo, limit }: { readonly afterTenantNo: number; readonly limit: number },
): Promise<readonly LogTenant[]> {
  return db.query<LogTenant>(tenantsStatement, [afterTenantNo, limit]);
}
