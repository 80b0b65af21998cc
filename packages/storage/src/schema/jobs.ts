import { sql } from "drizzle-orm";
import { index, integer, json, jsonb, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Every unfinished job. Storage settings that Drizzle can't say are in the migration. */
export const jobs = millrace.table(
  "jobs",
  {
    id: uuid("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    type: text("type").notNull(),
    priority: smallint("priority").notNull().default(0),
    attempts: smallint("attempts").notNull().default(0),
    maxAttempts: smallint("max_attempts").notNull().default(20),
    fence: integer("fence").notNull().default(0),
    timeoutMs: integer("timeout_ms"),
    claimId: uuid("claim_id"),
    lockedAt: at("locked_at"),
    leaseExpiresAt: at("lease_expires_at"),
    scheduledAt: at("scheduled_at").notNull().defaultNow(),
    startedAt: at("started_at"),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
    lockedBy: text("locked_by"),
    idempotencyKey: text("idempotency_key"),
    concurrencyKey: text("concurrency_key"),
    lastError: text("last_error"),
    traceparent: text("traceparent"),
    traceId: text("trace_id"),
    tags: text("tags")
      .array()
      .notNull()
      .default(sql`'{}'`),
    retry: jsonb("retry"),
    errors: jsonb("errors")
      .notNull()
      .default(sql`'[]'`),
    progress: json("progress"),
    payload: json("payload").notNull(),
  },
  (table) => [index("jobs_tenant_id").on(table.tenantId, table.id)],
);
