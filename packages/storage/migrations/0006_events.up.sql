-- Event tables, the log of accepted events, the keys that were used, how far the log is read, and what could not be written.

-- A tenant's log. `head` is the last offset given out: a publish takes this row last and holds it to its commit, so that offsets become visible
-- in their order. `tenant_no` names the tenant where text can't: in subjects and in paths.
create table millrace.event_logs (
  tenant_no bigint generated always as identity primary key,
  tenant_id text not null unique,
  head bigint not null default 0,
  bytes bigint not null default 0,
  created_at timestamptz not null default now()
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- How far a tenant's log is in the lake, who works on it, and the newest snapshot. Apart from the head, so that readers and writers of a log don't meet.
create table millrace.event_progress (
  tenant_no bigint primary key references millrace.event_logs,
  watermark bigint not null default 0,
  bytes bigint not null default 0,
  owner text,
  epoch bigint not null default 0,
  lease_expires_at timestamptz,
  -- The range that is claimed: (watermark, claimed_to].
  claimed_to bigint,
  failures integer not null default 0,
  not_before timestamptz,
  snapshot_id bigint not null default 0,
  snapshot_time timestamptz not null default now(),
  published_at timestamptz
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

create table millrace.event_tables (
  table_id integer generated always as identity primary key,
  tenant_no bigint not null references millrace.event_logs,
  tenant_id text not null,
  name text not null,
  schema_mode text not null,
  -- Field ids.
  primary_key integer[] not null default '{}',
  sort_by integer[] not null default '{}',
  partition_by json not null default '[]',
  retention_days integer,
  -- The version in force.
  version integer not null default 1,
  next_field_id integer not null,
  -- Tables of the system are written by Millrace itself.
  system boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  dropped_at timestamptz
);

create unique index event_tables_name on millrace.event_tables (tenant_id, name) where dropped_at is null;

-- Every version of a table's columns that was ever in force.
create table millrace.event_table_versions (
  table_id integer not null references millrace.event_tables,
  version integer not null,
  columns json not null,
  created_at timestamptz not null default now(),
  primary key (table_id, version)
);

-- The log itself, append-only. Partitions of ten minutes are dropped once every event of theirs is consumed.
create table millrace.events (
  tenant_no bigint not null,
  event_offset bigint not null,
  table_id integer not null,
  version integer not null,
  op text not null,
  key text not null,
  payload text not null,
  event_time timestamptz,
  ingested_at timestamptz not null default now()
) partition by range (ingested_at);

create index events_offset on millrace.events (tenant_no, event_offset);
create table millrace.events_other partition of millrace.events default;

-- Idempotency keys, by generation: writes go to the newest, older ones are only read, and the oldest is dropped.
create table millrace.event_key_generations (
  generation integer primary key,
  opened_at timestamptz not null default now()
);

create table millrace.event_keys (
  generation integer not null,
  table_id integer not null,
  key_hash uuid not null,
  payload_hash uuid not null,
  -- The event's offset is the base of its batch plus this; the offset itself where there is no such batch.
  batch_id bigint not null,
  ordinal bigint not null,
  primary key (table_id, key_hash, generation)
) partition by list (generation);

create table millrace.event_batches (
  generation integer not null,
  batch_id bigint not null,
  base bigint not null,
  primary key (batch_id, generation)
) partition by list (generation);

create sequence millrace.event_batch_ids as bigint;

-- Events that were accepted and could not be written into their table.
create table millrace.dead_letters (
  id uuid primary key,
  tenant_id text not null,
  tenant_no bigint not null,
  table_id integer not null,
  event_offset bigint not null,
  version integer not null,
  op text not null,
  key text not null,
  payload text not null,
  event_time timestamptz,
  ingested_at timestamptz not null,
  code text not null,
  path text not null,
  message text not null,
  created_at timestamptz not null default now(),
  replayed_at timestamptz,
  unique (tenant_no, event_offset)
);

create index dead_letters_tenant on millrace.dead_letters (tenant_id, id);
