import { doublePrecision, integer, primaryKey, text } from "drizzle-orm/pg-core";

import { at, int8 } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Settings of a queue; a queue without a row has the defaults. */
export const queueSettings = millrace.table(
  "queue_settings",
  {
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    pausedAt: at("paused_at"),
    concurrency: integer("concurrency"),
    concurrencyPerKey: integer("concurrency_per_key").notNull().default(1),
    rateLimit: integer("rate_limit"),
    ratePeriodMs: integer("rate_period_ms"),
    rateBurst: integer("rate_burst"),
    rateTokens: doublePrecision("rate_tokens"),
    rateRefilledAt: at("rate_refilled_at"),
    maxDepth: integer("max_depth"),
    keepCompletedMs: int8("keep_completed_ms"),
    keepDeadMs: int8("keep_dead_ms"),
    keepCancelledMs: int8("keep_cancelled_ms"),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: "queue_settings_pkey", columns: [table.tenantId, table.queue] })],
);
