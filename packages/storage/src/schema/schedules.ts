import { sql } from "drizzle-orm";
import { boolean, index, json, primaryKey, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Cron schedules. */
export const schedules = millrace.table(
  "schedules",
  {
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    cron: text("cron").notNull(),
    timeZone: text("time_zone").notNull(),
    misfirePolicy: text("misfire_policy").notNull(),
    paused: boolean("paused").notNull(),
    queue: text("queue").notNull(),
    type: text("type").notNull(),
    job: json("job").notNull(),
    revision: uuid("revision").notNull().defaultRandom(),
    nextAt: at("next_at"),
    dueAt: at("due_at"),
    lastAt: at("last_at"),
    lastJobId: uuid("last_job_id"),
    lastError: text("last_error"),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: "schedules_pkey", columns: [table.tenantId, table.name] }),
    index("schedules_due")
      .on(table.dueAt)
      .where(sql`${table.dueAt} is not null`),
  ],
);
