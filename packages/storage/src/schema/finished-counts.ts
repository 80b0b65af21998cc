import { date, index, integer, smallint, text } from "drizzle-orm/pg-core";

import { jobStatus, millrace } from "./namespace.ts";

/** How many finished jobs each queue has, as changes to add up. */
export const finishedCounts = millrace.table(
  "finished_counts",
  {
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    status: jobStatus("status").notNull(),
    day: date("day").notNull(),
    n: integer("n").notNull(),
    retentionClass: smallint("retention_class").notNull().default(0),
  },
  (table) => [index("finished_counts_queue").on(table.tenantId, table.queue)],
);
