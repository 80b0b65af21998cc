-- Cron schedules. `next_at` is the tick that is due next; firing moves it on in the statement that enqueues the tick's job.
create table millrace.schedules (
  tenant_id text not null,
  name text not null,
  cron text not null,
  time_zone text not null,
  misfire_policy text not null,
  paused_at timestamptz,
  queue text not null,
  type text not null,
  job json not null,
  next_at timestamptz,
  last_at timestamptz,
  last_job_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name)
);

create index schedules_due on millrace.schedules (next_at) where next_at is not null;
