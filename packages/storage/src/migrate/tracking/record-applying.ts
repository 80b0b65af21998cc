import { literal } from "../literal.ts";
import type { Migration } from "../read-migrations.ts";
import type { Author } from "./author.ts";

/**
 * Committed before a no-transaction statement starts, so that an interruption leaves a trace. Under the migration lock a row
 * that is already there belongs to a run that died or failed: it is taken over.
 */
export function recordApplying({ version, name, up, down }: Migration, by: Author): string {
  return `insert into millrace.schema_migrations
  (version, name, up_checksum, down_checksum, down_sql, mode, state, started_at, applied_by, tool_version)
values (${version}, ${literal(name)}, ${literal(up.checksum)}, ${literal(down.checksum)}, ${literal(down.sql)},
  'no-transaction', 'applying', clock_timestamp(), session_user || ${literal(`@${by.host}`)}, ${literal(by.toolVersion)})
on conflict (version) do update set
  name = excluded.name, up_checksum = excluded.up_checksum, down_checksum = excluded.down_checksum, down_sql = excluded.down_sql,
  mode = excluded.mode, state = excluded.state, started_at = excluded.started_at, finished_at = null, duration_ms = null,
  applied_by = excluded.applied_by, tool_version = excluded.tool_version, error = null`;
}
