import type { Executor, Statement } from "../executor.ts";
import type { HistoryPage, TakeHistoryPage } from "./history-store.ts";

/** The function holds the argument (migration 0009): the one row of the export is locked first, and snapshots are taken under its lock. */
const takePageStatement: Statement = {
  name: "history.take_page",
  text: `
select p.page_id as "pageId", p.page_no as "pageNo", p.from_snapshot as "fromSnapshot", p.to_snapshot as "toSnapshot", p.more
from millrace.take_history_page($1::text, $2::float8 * interval '1 millisecond', $3::integer, $4::bigint) p`,
};

/** It reads a whole page's sizes. */
const timeoutMs = 60_000;

/** The page to write; undefined where there is none for this owner. */
export async function takePage(
  db: Executor,
  { owner, leaseMs, rowsMax, bytesMax }: TakeHistoryPage,
): Promise<HistoryPage | undefined> {
  const [page] = await db.query<HistoryPage>(takePageStatement, [owner, leaseMs, rowsMax, bytesMax], { timeoutMs });
  return page;
}
