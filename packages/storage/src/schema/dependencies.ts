import { index, primaryKey, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Jobs that wait for others to complete. */
export const blocked = millrace.table(
  "blocked",
  {
    jobId: uuid("job_id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    priority: smallint("priority").notNull(),
    scheduledAt: at("scheduled_at").notNull(),
    type: text("type").notNull(),
    concurrencyKey: text("concurrency_key"),
    onFailure: text("on_failure").notNull(),
  },
  (table) => [index("blocked_queue").on(table.tenantId, table.queue)],
);

/** Which jobs a blocked one still waits for. */
export const jobDependencies = millrace.table(
  "job_dependencies",
  {
    jobId: uuid("job_id").notNull(),
    dependsOn: uuid("depends_on").notNull(),
    tenantId: text("tenant_id").notNull(),
  },
  (table) => [
    primaryKey({ name: "job_dependencies_pkey", columns: [table.jobId, table.dependsOn] }),
    index("job_dependencies_depends_on").on(table.dependsOn),
  ],
);
