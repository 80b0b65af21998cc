-- Cron schedules. `next_at` is the tick that is due next; firing moves it on in the statement that enqueues the tick's job. Paused ones have none.
-- `due_at` is when a scheduler looks at it: then, or somewhat later when its queue was full.
-- `revision` is drawn anew with each change of a definition: whoever fires a tick names the one that it read.
create table millrace.schedules (
  tenant_id text not null,
  name text not null,
  cron text not null,
  time_zone text not null,
  misfire_policy text not null,
  paused boolean not null,
  queue text not null,
  type text not null,
  job json not null,
  revision uuid not null default gen_random_uuid(),
  next_at timestamptz,
  due_at timestamptz,
  last_at timestamptz,
  last_job_id uuid,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

create index schedules_due on millrace.schedules (due_at) where due_at is not null;
