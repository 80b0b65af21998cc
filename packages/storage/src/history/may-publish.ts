import type { Statement, Transaction } from "../executor.ts";
import type { HistoryPage } from "./history-store.ts";

/**
 * The share lock keeps the page under way to the commit. The tenant's progress is locked before, so of those that publish the same batch the second sees the
 * first one's snapshot. Whoever slept while others ended the page finds it ended.
 */
const mayPublishStatement: Statement = {
  name: "history.may_publish",
  text: `
select 1 from millrace.history_export e
where e.page_id = $1::uuid and not exists (select from millrace.lake_snapshots s where s.batch_id = $2::uuid)
for share of e`,
};

/** True while the page is under way and the batch is not published. */
export async function mayPublish(tx: Transaction, { pageId }: HistoryPage, batchId: string): Promise<boolean> {
  return (await tx.query(mayPublishStatement, [pageId, batchId])).length > 0;
}
