import { sql } from "drizzle-orm";
import { index, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** One row for each claim and queue: the deadline of its leases. */
export const claims = millrace.table(
  "claims",
  {
    claimId: uuid("claim_id").notNull(),
    tenantId: text("tenant_id").notNull(),
    queue: text("queue").notNull(),
    worker: text("worker").notNull(),
    jobIds: uuid("job_ids").array().notNull(),
    open: integer("open").notNull(),
    leaseExpiresAt: at("lease_expires_at").notNull(),
  },
  (table) => [
    primaryKey({ name: "claims_pkey", columns: [table.claimId, table.tenantId, table.queue] }),
    index("claims_expiry").on(table.leaseExpiresAt),
    index("claims_lane").on(sql`(${table.tenantId} || '/' || ${table.queue})`),
  ],
);
