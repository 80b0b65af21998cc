import type { Executor, Statement } from "../executor.ts";

/** Only the owner's own lease. */
const releaseStatement: Statement = {
  name: "history.release",
  text: `update millrace.history_export set lease_expires_at = null where owner = $1::text`,
};

/** Ends an owner's lease; a page under way is left to the next one. */
export async function releaseExport(db: Executor, owner: string): Promise<void> {
  await db.query(releaseStatement, [owner]);
}
