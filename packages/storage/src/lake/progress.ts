import type { Executor, Statement } from "../executor.ts";

/** Head and watermark of one moment. Both only grow, so a watermark at or past an offset stays so. */
const progressStatement: Statement = {
  name: "lake.progress",
  text: `
select l.tenant_no as "tenantNo", l.head, p.watermark
from millrace.event_logs l join millrace.event_progress p on p.tenant_no = l.tenant_no where l.tenant_id = $1::text`,
};

export interface LogProgress {
  readonly tenantNo: number;
  readonly head: number;
  readonly watermark: number;
}

/** How far a tenant's log is written and published; undefined for a tenant without a log. */
export async function readProgress(db: Executor, tenantId: string): Promise<LogProgress | undefined> {
  const [progress] = await db.query<LogProgress>(progressStatement, [tenantId]);
  return progress;
}
