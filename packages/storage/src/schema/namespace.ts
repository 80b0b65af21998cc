import { customType, pgSchema } from "drizzle-orm/pg-core";

/** Everything of Millrace lives in this PostgreSQL schema, beside the team's own tables. */
export const millrace = pgSchema("millrace");

export const jobStatus = millrace.enum("job_status", ["pending", "running", "completed", "dead", "cancelled"]);

/** A transaction's number that never comes again in this server, as text. */
export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });

/** What a statement sees, as text. */
export const pgSnapshot = customType<{ data: string }>({ dataType: () => "pg_snapshot" });
