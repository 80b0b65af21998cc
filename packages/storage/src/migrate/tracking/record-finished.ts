/** Ends a no-transaction migration; only the holder of the migration lock writes this row. */
export function recordFinished(version: number): string {
  return `update millrace.schema_migrations set state = 'applied', finished_at = clock_timestamp(),
  duration_ms = extract(epoch from clock_timestamp() - started_at) * 1000, error = null
where version = ${version}`;
}
