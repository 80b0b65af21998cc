import { pgTable, text } from "drizzle-orm/pg-core";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";

import type { Ctx } from "@millrace/core";

export { enqueue } from "@millrace/core";

export declare const ctx: Ctx;
export declare const sql: Sql;
export declare const db: PostgresJsDatabase;
export declare const order: { readonly id: string; readonly email: string };
export const orders = pgTable("orders", { id: text().primaryKey(), email: text() });
