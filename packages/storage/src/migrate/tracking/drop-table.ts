/**
 * Removes the tracking table and the schema once the last migration is undone, in that migration's transaction. Both stay
 * when another row, somebody else's table in the schema, or somebody else's ownership needs them; the schema also stays when
 * this role could not make it again.
 */
export const dropTrackingTableIfUnused = `do $$
begin
  if not exists (select from millrace.schema_migrations) then
    drop table millrace.schema_migrations;
    if has_database_privilege(current_database(), 'create') then
      drop schema millrace;
    end if;
  end if;
exception
  when dependent_objects_still_exist or insufficient_privilege then null;
end
$$`;
