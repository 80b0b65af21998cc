import { sql } from "drizzle-orm";
import { index, json, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

import { millrace } from "./namespace.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

/** Cron schedules. */
export const schedules = millrace.table(
  "schedules",
  {
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    cron: text("cron").notNull(),
    timeZone: text("time_zone").notNull(),
    misfirePolicy: text("misfire_policy").notNull(),
    pausedAt: at("paused_at"),
    queue: text("queue").notNull(),
    type: text("type").notNull(),
    job: json("job").notNull(),
    nextAt: at("next_at"),
    lastAt: at("last_at"),
    lastJobId: uuid("last_job_id"),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: "schedules_pkey", columns: [table.tenantId, table.name] }),
    index("schedules_due")
      .on(table.nextAt)
      .where(sql`${table.nextAt} is not null`),
  ],
);
