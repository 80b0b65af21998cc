import { bigint, doublePrecision, integer, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

import { millrace } from "./namespace.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

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
    keepCompletedMs: bigint("keep_completed_ms", { mode: "number" }),
    keepDeadMs: bigint("keep_dead_ms", { mode: "number" }),
    keepCancelledMs: bigint("keep_cancelled_ms", { mode: "number" }),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: "queue_settings_pkey", columns: [table.tenantId, table.queue] })],
);
