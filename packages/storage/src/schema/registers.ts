import { sql } from "drizzle-orm";
import { index, primaryKey, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

const createdAt = () => at("created_at").notNull().defaultNow();

/** Idempotency keys of jobs; they outlive the move of their job into history. */
export const jobKeys = millrace.table(
  "job_keys",
  {
    tenantId: text("tenant_id").notNull(),
    key: text("key").notNull(),
    jobId: uuid("job_id").notNull(),
    requestHash: text("request_hash").notNull(),
    createdAt: createdAt(),
    expiresAt: at("expires_at"),
  },
  (table) => [
    primaryKey({ name: "job_keys_pkey", columns: [table.tenantId, table.key] }),
    index("job_keys_expiry")
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null`),
  ],
);

/** Every queue that a tenant has ever used. */
export const queues = millrace.table(
  "queues",
  { tenantId: text("tenant_id").notNull(), name: text("name").notNull(), createdAt: createdAt() },
  (table) => [primaryKey({ name: "queues_pkey", columns: [table.tenantId, table.name] })],
);
