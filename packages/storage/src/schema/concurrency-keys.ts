import { index, integer, primaryKey, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

const key = () => ({
  tenantId: text("tenant_id").notNull(),
  queue: text("queue").notNull(),
  concurrencyKey: text("concurrency_key").notNull(),
});

/** Due jobs with a concurrency key, until they are admitted to ready. */
export const held = millrace.table(
  "held",
  {
    ...key(),
    priority: smallint("priority").notNull(),
    scheduledAt: at("scheduled_at").notNull(),
    jobId: uuid("job_id").notNull(),
    type: text("type").notNull(),
  },
  (table) => [
    index("held_admission").on(
      table.tenantId,
      table.queue,
      table.concurrencyKey,
      table.priority.desc().nullsFirst(),
      table.scheduledAt,
      table.jobId,
    ),
  ],
);

/** How many jobs of a key are in ready or running. */
export const keySlots = millrace.table("key_slots", { ...key(), used: integer("used").notNull() }, (table) => [
  primaryKey({ name: "key_slots_pkey", columns: [table.tenantId, table.queue, table.concurrencyKey] }),
]);

/** Keys that admission has to look at, and how many slots of theirs are free again. */
export const keyChecks = millrace.table("key_checks", { ...key(), freed: integer("freed").notNull() }, (table) => [
  index("key_checks_key").on(table.tenantId, table.queue, table.concurrencyKey),
]);
