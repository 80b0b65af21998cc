/** Committed before a no-transaction down statement starts; only the holder of the migration lock writes this row. */
export function recordReverting(version: number): string {
  return `update millrace.schema_migrations set state = 'applying', started_at = clock_timestamp(), finished_at = null,
  duration_ms = null, error = null
where version = ${version}`;
}
