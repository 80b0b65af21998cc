import type { Writable } from "node:stream";

import type { Transaction } from "../executor.ts";

/** Finished jobs and ended attempts that go into the lake together: those that were committed between two snapshots of the database. */
export interface HistoryPage {
  /** Never used again. */
  readonly pageId: string;
  /** Rises from page to page. */
  readonly pageNo: number;
  /** What PostgreSQL writes of a snapshot: rows that this one sees are in the lake. */
  readonly fromSnapshot: string;
  /** The page's rows are those that this one sees besides. */
  readonly toSnapshot: string;
  /** There may be another page right away. */
  readonly more: boolean;
}

export interface TakeHistoryPage {
  /** Who asks: one process at a time works. */
  readonly owner: string;
  readonly leaseMs: number;
  /** A page has about so many rows and bytes at most; a transaction is never divided. */
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** The way of finished jobs out of PostgreSQL. Each row is in exactly one page, however long its transaction takes to commit. */
export interface HistoryStore {
  /** The page under way, or the next one; undefined where another owner works, or nothing new is there. Renews the owner's lease. */
  takePage(take: TakeHistoryPage): Promise<HistoryPage | undefined>;
  /** Writes a page's rows as CSV without a header: the columns of `exportedJobColumns` and `exportedAttemptColumns`. Both are of one moment. */
  copyPage(page: HistoryPage, sinks: { readonly jobs: Writable; readonly attempts: Writable }): Promise<void>;
  /** For the transaction that publishes a part of a page: true while the page is under way and this batch was not published; it stays so to the commit. */
  mayPublish(tx: Transaction, page: HistoryPage, batchId: string): Promise<boolean>;
  /** Says that all of the page is published; false when it was said already. */
  endPage(page: HistoryPage): Promise<boolean>;
  /** How long the oldest row that waits has waited; 0 where none does. */
  oldestWaitingMs(): Promise<number>;
  /** Lets another owner begin at once. */
  release(owner: string): Promise<void>;
}
