import { index, integer, json, primaryKey, text, uuid } from "drizzle-orm/pg-core";

import { at } from "./columns.ts";
import { millrace } from "./namespace.ts";

/** Shapes of payloads, every version. */
export const payloadSchemas = millrace.table(
  "payload_schemas",
  {
    tenantId: text("tenant_id").notNull(),
    type: text("type").notNull(),
    version: integer("version").notNull(),
    schema: json("schema").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: "payload_schemas_pkey", columns: [table.tenantId, table.type, table.version] })],
);

/** Who did what. */
export const auditLog = millrace.table(
  "audit_log",
  {
    id: uuid("id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    at: at("at").notNull().defaultNow(),
    actor: text("actor").notNull(),
    action: text("action").notNull(),
    target: text("target").notNull(),
    detail: json("detail"),
  },
  (table) => [index("audit_log_tenant").on(table.tenantId, table.id)],
);

/** Which workers were seen of late, and for what. */
export const workers = millrace.table(
  "workers",
  {
    tenantId: text("tenant_id").notNull(),
    name: text("name").notNull(),
    queues: text("queues").array(),
    types: text("types").array(),
    seenAt: at("seen_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: "workers_pkey", columns: [table.tenantId, table.name] }),
    index("workers_seen").on(table.seenAt),
  ],
);
