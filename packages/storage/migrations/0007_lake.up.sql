-- The catalogue of the lake: snapshots, their files, files that are being written, and pins.

-- Dense ids under the row of event_progress; the order of ids is the order of commits. What references a tenant references that row, which a
-- publication has locked anyway, and not the head of the log, which every ingest waits for.
create table millrace.lake_snapshots (
  tenant_no bigint not null references millrace.event_progress,
  snapshot_id bigint not null,
  snapshot_time timestamptz not null,
  watermark bigint not null,
  kind text not null,
  batch_id uuid not null unique,
  expired_at timestamptz,
  primary key (tenant_no, snapshot_id)
);

create index lake_snapshots_time on millrace.lake_snapshots (tenant_no, snapshot_time);
create index lake_snapshots_kept on millrace.lake_snapshots (tenant_no, snapshot_id) where expired_at is null;

-- A file is in the snapshots from begin_snapshot up to, but not including, end_snapshot. Rows stay when the object is deleted.
create table millrace.lake_files (
  file_id bigint generated always as identity primary key,
  tenant_no bigint not null references millrace.event_progress,
  table_id integer not null references millrace.event_tables,
  -- The version of the table's columns that it was written with.
  version integer not null,
  path text not null unique,
  begin_snapshot bigint not null,
  end_snapshot bigint,
  row_count bigint not null,
  file_bytes bigint not null,
  content_hash text not null,
  min_offset bigint not null,
  max_offset bigint not null,
  min_ingested_at timestamptz not null,
  max_ingested_at timestamptz not null,
  -- What COPY's RETURN_STATS says of the columns, by field id.
  column_stats json not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  deleting_at timestamptz,
  deleted_at timestamptz
) with (fillfactor = 80);

create index lake_files_live on millrace.lake_files (tenant_no, table_id, file_id) where end_snapshot is null;
create index lake_files_ended on millrace.lake_files (tenant_no, end_snapshot) where end_snapshot is not null and deleted_at is null;
create index lake_files_deleting on millrace.lake_files (tenant_no, deleting_at) where deleting_at is not null and deleted_at is null;
create index lake_files_deleted on millrace.lake_files (tenant_no, deleted_at) where deleted_at is not null;

-- Written before an upload, deleted by its publication: what remains may be deleted by the sweeper, which marks it first. What is marked is never published.
create table millrace.lake_intents (
  path text primary key,
  tenant_no bigint not null,
  batch_id uuid not null,
  epoch bigint not null,
  created_at timestamptz not null default now(),
  swept_at timestamptz
);

create index lake_intents_created on millrace.lake_intents (created_at);

-- Snapshots that don't expire. Made and read under the row of event_progress, so that none is missed by who lets snapshots expire.
create table millrace.lake_pins (
  tenant_no bigint not null,
  snapshot_id bigint not null,
  reason text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  primary key (tenant_no, snapshot_id),
  foreign key (tenant_no, snapshot_id) references millrace.lake_snapshots
);

-- One row: whether objects may be deleted (not after a restore, until everything was checked), and up to when upkeep has been planned.
create table millrace.lake_state (
  only_row boolean primary key default true check (only_row),
  sweeping boolean not null default true,
  restored_at timestamptz,
  planned_at timestamptz
);

insert into millrace.lake_state default values;

-- When all files of a tenant were last found to be sound.
create table millrace.lake_checks (
  tenant_no bigint primary key references millrace.event_progress,
  passed_at timestamptz not null
);
