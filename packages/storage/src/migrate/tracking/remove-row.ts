/** Written in the down migration's own transaction, or after its single statement: under the lock nobody else touches the row. */
export function removeRow(version: number): string {
  return `delete from millrace.schema_migrations where version = ${version}`;
}
