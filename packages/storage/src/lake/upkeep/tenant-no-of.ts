import type { Executor, Statement } from "../../executor.ts";

/** A tenant's number never changes. */
const tenantNoOfStatement: Statement = {
  name: "lake.tenant_no_of",
  text: `select l.tenant_no as "tenantNo" from millrace.event_logs l where l.tenant_id = $1::text`,
};

/** The number of a tenant; undefined for one without a log. */
export async function tenantNoOf(db: Executor, tenantId: string): Promise<number | undefined> {
  const [row] = await db.query<{ tenantNo: number }>(tenantNoOfStatement, [tenantId]);
  return row?.tenantNo;
}
