/**
 * Makes the schema and the tracking table where they are missing. Runs under the migration lock, so nobody else creates
 * them in between; the existence check comes first because CREATE SCHEMA asks for the right to create one even if it exists.
 */
export const createTrackingTable = `do $$
begin
  if to_regnamespace('millrace') is null then
    create schema millrace;
  end if;
end
$$;
create table if not exists millrace.schema_migrations (
  version integer primary key check (version > 0),
  name text not null,
  up_checksum text not null,
  down_checksum text not null,
  down_sql text not null,
  mode text not null check (mode in ('transaction', 'no-transaction')),
  state text not null check (state in ('applying', 'applied', 'failed')),
  started_at timestamptz not null,
  finished_at timestamptz,
  duration_ms bigint,
  applied_by text not null,
  tool_version text not null,
  error text,
  catalogue text
)`;
