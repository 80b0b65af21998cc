import { sql } from "drizzle-orm";
import { boolean, check, text, uuid } from "drizzle-orm/pg-core";

import { at, int8, pgSnapshot } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** One row: which finished jobs and ended attempts are in the lake, and the page of them that is being written. */
export const historyExport = millrace.table(
  "history_export",
  {
    onlyRow: boolean("only_row").primaryKey().default(true),
    exportedTo: pgSnapshot("exported_to"),
    exportedAt: at("exported_at"),
    pageNo: int8("page_no").notNull().default(0),
    pageId: uuid("page_id"),
    pageTo: pgSnapshot("page_to"),
    owner: text("owner"),
    leaseExpiresAt: at("lease_expires_at"),
  },
  (table) => [check("history_export_only_row_check", sql`${table.onlyRow}`)],
);
