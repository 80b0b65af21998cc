import type { Executor, Statement } from "../executor.ts";
import type { HistoryPage } from "./history-store.ts";

/** One of those that say so changes the row; it waits for publications of the page, which hold the row. */
const endPageStatement: Statement = {
  name: "history.end_page",
  text: `
update millrace.history_export set exported_to = page_to, exported_at = clock_timestamp(), page_id = null, page_to = null
where page_id = $1::uuid returning page_no`,
};

/** Says that a page is in the lake. */
export async function endPage(db: Executor, { pageId }: HistoryPage): Promise<boolean> {
  return (await db.query(endPageStatement, [pageId])).length > 0;
}
