import { index, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

const columns = () => ({
  tenantId: text("tenant_id").notNull(),
  queue: text("queue").notNull(),
  priority: smallint("priority").notNull(),
  scheduledAt: at("scheduled_at").notNull(),
  jobId: uuid("job_id").notNull(),
  type: text("type").notNull(),
});

/** One row for each job that may be claimed now, in exact claim order. */
export const ready = millrace.table("ready", columns(), (table) => [
  index("ready_claim").on(
    table.tenantId,
    table.queue,
    table.priority.desc().nullsFirst(),
    table.scheduledAt,
    table.jobId,
  ),
]);

/** One row for each job that is not due yet. */
export const scheduled = millrace.table(
  "scheduled",
  { ...columns(), concurrencyKey: text("concurrency_key") },
  (table) => [
    index("scheduled_due").on(table.scheduledAt, table.jobId),
    index("scheduled_queue").on(table.tenantId, table.queue),
  ],
);
