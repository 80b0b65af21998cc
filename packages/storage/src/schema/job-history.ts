import { sql } from "drizzle-orm";
import { index, integer, json, jsonb, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at, xid8 } from "./columns.ts";
import { jobStatus, millrace } from "./namespace.ts";

/** Finished jobs, insert-only; partitioned by status, class of retention and time of expiry in the migration. */
export const jobHistory = millrace.table(
  "job_history",
  {
    id: uuid("id").notNull(),
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    type: text("type").notNull(),
    status: jobStatus("status").notNull(),
    priority: smallint("priority").notNull(),
    attempts: smallint("attempts").notNull(),
    maxAttempts: smallint("max_attempts").notNull(),
    fence: integer("fence").notNull(),
    claimId: uuid("claim_id"),
    retentionClass: smallint("retention_class").notNull().default(0),
    timeoutMs: integer("timeout_ms"),
    lockedAt: at("locked_at"),
    scheduledAt: at("scheduled_at").notNull(),
    startedAt: at("started_at"),
    createdAt: at("created_at").notNull(),
    updatedAt: at("updated_at").notNull(),
    completedAt: at("completed_at").notNull(),
    expiresAt: at("expires_at")
      .notNull()
      .default(sql`now() + interval '7 days'`),
    lockedBy: text("locked_by"),
    idempotencyKey: text("idempotency_key"),
    concurrencyKey: text("concurrency_key"),
    lastError: text("last_error"),
    traceparent: text("traceparent"),
    traceId: text("trace_id"),
    tags: text("tags").array().notNull(),
    retry: jsonb("retry"),
    errors: jsonb("errors").notNull(),
    progress: json("progress"),
    result: json("result"),
    payload: json("payload").notNull(),
    xactId: xid8("xact_id").default(sql`pg_current_xact_id()`),
  },
  (table) => [
    index("job_history_tenant_id").on(table.tenantId, table.id),
    index("job_history_xact")
      .on(table.xactId)
      .where(sql`${table.xactId} is not null`),
  ],
);
