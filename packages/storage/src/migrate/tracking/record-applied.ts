import { literal } from "../literal.ts";
import type { Migration } from "../read-migrations.ts";
import type { Author } from "./author.ts";

/** Written in the migration's own transaction: the row exists exactly when the migration's effects do. */
export function recordApplied({ version, name, up, down }: Migration, by: Author): string {
  return `insert into millrace.schema_migrations
  (version, name, up_checksum, down_checksum, down_sql, mode, state, started_at, finished_at, duration_ms, applied_by, tool_version)
values (${version}, ${literal(name)}, ${literal(up.checksum)}, ${literal(down.checksum)}, ${literal(down.sql)},
  'transaction', 'applied', transaction_timestamp(), clock_timestamp(),
  extract(epoch from clock_timestamp() - transaction_timestamp()) * 1000, session_user || ${literal(`@${by.host}`)}, ${literal(by.toolVersion)})`;
}
