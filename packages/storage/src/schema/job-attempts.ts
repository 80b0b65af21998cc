import { sql } from "drizzle-orm";
import { index, integer, smallint, text, uuid } from "drizzle-orm/pg-core";

import { at, int8, xid8 } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Attempts that ended, but for the completed one; partitioned by week in the migration. */
export const jobAttempts = millrace.table(
  "job_attempts",
  {
    tenantId: text("tenant_id").notNull(),
    jobId: uuid("job_id").notNull(),
    fence: integer("fence").notNull(),
    attempt: smallint("attempt").notNull(),
    outcome: text("outcome").notNull(),
    worker: text("worker"),
    startedAt: at("started_at"),
    endedAt: at("ended_at").notNull().defaultNow(),
    message: text("message"),
    stack: text("stack"),
    queue: text("queue"),
    type: text("type"),
    xactId: xid8("xact_id").default(sql`pg_current_xact_id()`),
  },
  (table) => [
    index("job_attempts_job").on(table.tenantId, table.jobId, table.fence),
    index("job_attempts_xact")
      .on(table.xactId)
      .where(sql`${table.xactId} is not null`),
  ],
);

export const jobLogsSeq = millrace.sequence("job_logs_seq");

/** Log lines of handlers; partitioned by day in the migration. */
export const jobLogs = millrace.table(
  "job_logs",
  {
    tenantId: text("tenant_id").notNull(),
    jobId: uuid("job_id").notNull(),
    seq: int8("seq")
      .notNull()
      .default(sql`nextval('millrace.job_logs_seq')`),
    loggedAt: at("logged_at").notNull().defaultNow(),
    attempt: smallint("attempt").notNull(),
    level: text("level").notNull(),
    message: text("message").notNull(),
  },
  (table) => [index("job_logs_job").on(table.tenantId, table.jobId, table.seq)],
);
