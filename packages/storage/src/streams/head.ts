import type { Executor, Statement } from "../executor.ts";

/** Only grows. */
const headStatement: Statement = {
  name: "streams.head",
  text: `select l.head from millrace.event_logs l where l.tenant_no = $1::bigint`,
};

/** The last offset that was recorded; undefined for a tenant without a log. */
export async function logHead(db: Executor, tenantNo: number): Promise<number | undefined> {
  const [row] = await db.query<{ head: number }>(headStatement, [tenantNo]);
  return row?.head;
}
