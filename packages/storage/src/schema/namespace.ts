import { pgSchema } from "drizzle-orm/pg-core";

/** Everything of Millrace lives in this PostgreSQL schema, beside the team's own tables. */
export const millrace = pgSchema("millrace");

export const jobStatus = millrace.enum("job_status", ["pending", "running", "completed", "dead", "cancelled"]);
