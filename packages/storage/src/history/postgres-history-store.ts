import type { Database } from "../database.ts";
import { copyPage } from "./copy-page.ts";
import { endPage } from "./end-page.ts";
import type { HistoryStore } from "./history-store.ts";
import { mayPublish } from "./may-publish.ts";
import { oldestWaitingMs } from "./oldest-waiting.ts";
import { releaseExport } from "./release.ts";
import { takePage } from "./take-page.ts";

/** The way of finished jobs out of PostgreSQL; the database stays its owner's. */
export function createPostgresHistoryStore(db: Database): HistoryStore {
  return {
    takePage: (take) => takePage(db, take),
    copyPage: (page, sinks) => copyPage(db, page, sinks),
    mayPublish,
    endPage: (page) => endPage(db, page),
    oldestWaitingMs: () => oldestWaitingMs(db),
    release: (owner) => releaseExport(db, owner),
  };
}
