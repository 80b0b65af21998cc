import { customType, index, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/** API keys; of the key itself only its public start and a digest. */
export const apiKeys = millrace.table(
  "api_keys",
  {
    id: uuid("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    start: text("start").notNull(),
    hash: bytea("hash").notNull(),
    scopes: text("scopes").array().notNull(),
    queues: text("queues").array(),
    createdAt: at("created_at").notNull().defaultNow(),
    createdBy: uuid("created_by"),
    expiresAt: at("expires_at"),
    revokedAt: at("revoked_at"),
    lastUsedAt: at("last_used_at"),
    successorId: uuid("successor_id"),
    tables: text("tables").array(),
  },
  (table) => [uniqueIndex("api_keys_start").on(table.start), index("api_keys_tenant_id").on(table.tenantId, table.id)],
);
