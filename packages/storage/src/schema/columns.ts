import { bigint, customType, timestamp } from "drizzle-orm/pg-core";

/** A transaction's number that never comes again in this server, as text. */
export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });

/** What a statement sees, as text. */
export const pgSnapshot = customType<{ data: string }>({ dataType: () => "pg_snapshot" });

/** A point in time, as a Date. */
export const at = (name: string) => timestamp(name, { withTimezone: true });

/** An eight-byte integer, read as a number: none comes near 2^53. */
export const int8 = (name: string) => bigint(name, { mode: "number" });
