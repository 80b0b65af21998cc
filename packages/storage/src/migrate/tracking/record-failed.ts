import { literal } from "../literal.ts";

/** Says why a no-transaction migration stopped; only the holder of the migration lock writes this row. */
export function recordFailed(version: number, error: string): string {
  return `update millrace.schema_migrations set state = 'failed', finished_at = clock_timestamp(),
  duration_ms = extract(epoch from clock_timestamp() - started_at) * 1000, error = ${literal(error)}
where version = ${version}`;
}
