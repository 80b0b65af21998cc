-- Jobs: where they wait, who works them, how they ended. The layout is explained in docs/concepts/storage.md.

create type millrace.job_status as enum ('pending', 'running', 'completed', 'dead', 'cancelled');

-- Every unfinished job. No index holds a column that a claim or a finish changes, so those updates stay HOT; the low fillfactor leaves them room on the page.
create table millrace.jobs (
  id uuid primary key,
  tenant_id text not null,
  queue text not null,
  type text not null,
  priority smallint not null default 0,
  attempts smallint not null default 0,
  max_attempts smallint not null default 20,
  fence integer not null default 0,
  timeout_ms integer,
  claim_id uuid,
  locked_at timestamptz,
  lease_expires_at timestamptz,
  scheduled_at timestamptz not null default now(),
  started_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  locked_by text,
  idempotency_key text,
  concurrency_key text,
  last_error text,
  traceparent text,
  trace_id text,
  tags text[] not null default '{}',
  retry jsonb,
  errors jsonb not null default '[]',
  progress json,
  payload json not null
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.05
);

create index jobs_tenant_id on millrace.jobs (tenant_id, id);

-- One row for each job that may be claimed now, in exact claim order. Whoever deletes the row owns what happens to the job next.
create table millrace.ready (
  tenant_id text not null,
  queue text not null,
  priority smallint not null,
  scheduled_at timestamptz not null,
  job_id uuid not null,
  type text not null
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.05
);

create index ready_claim on millrace.ready (tenant_id, queue, priority desc, scheduled_at, job_id);

-- One row for each job that is not due yet; promotion moves it to ready. Kept apart so that a claim never scans past the future.
create table millrace.scheduled (
  tenant_id text not null,
  queue text not null,
  priority smallint not null,
  scheduled_at timestamptz not null,
  job_id uuid not null,
  type text not null
) with (
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

create index scheduled_due on millrace.scheduled (scheduled_at, job_id);
create index scheduled_queue on millrace.scheduled (tenant_id, queue);

-- One row for each claim and queue: the deadline of its leases. A heartbeat touches this row, not one row per job.
create table millrace.claims (
  claim_id uuid not null,
  tenant_id text not null,
  queue text not null,
  worker text not null,
  job_ids uuid[] not null,
  open integer not null,
  lease_expires_at timestamptz not null,
  primary key (claim_id, tenant_id, queue)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create index claims_expiry on millrace.claims (lease_expires_at);

-- Idempotency keys outlive the move of their job into history, so they have a table of their own.
create table millrace.job_keys (
  tenant_id text not null,
  key text not null,
  job_id uuid not null,
  request_hash text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);

-- Every queue that a tenant has ever used.
create table millrace.queues (
  tenant_id text not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, name)
);

-- Finished jobs: insert-only, by status and time, so that retention drops partitions and the hot tables stay small.
create table millrace.job_history (
  id uuid not null,
  tenant_id text not null,
  queue text not null,
  type text not null,
  status millrace.job_status not null,
  priority smallint not null,
  attempts smallint not null,
  max_attempts smallint not null,
  fence integer not null,
  timeout_ms integer,
  locked_at timestamptz,
  scheduled_at timestamptz not null,
  started_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  completed_at timestamptz not null,
  locked_by text,
  idempotency_key text,
  concurrency_key text,
  last_error text,
  traceparent text,
  trace_id text,
  tags text[] not null,
  retry jsonb,
  errors jsonb not null,
  progress json,
  result json,
  payload json not null
) partition by list (status);

create index job_history_tenant_id on millrace.job_history (tenant_id, id);

create table millrace.job_history_completed partition of millrace.job_history for values in ('completed') partition by range (completed_at);
create table millrace.job_history_dead partition of millrace.job_history for values in ('dead') partition by range (completed_at);
create table millrace.job_history_cancelled partition of millrace.job_history for values in ('cancelled') partition by range (completed_at);

-- The net below: a row whose day has no partition yet is kept here, never refused.
create table millrace.job_history_completed_default partition of millrace.job_history_completed default;
create table millrace.job_history_dead_default partition of millrace.job_history_dead default;
create table millrace.job_history_cancelled_default partition of millrace.job_history_cancelled default;

-- How many finished jobs each queue has, as changes to add up: each statement appends one row a queue, upkeep folds them. Never an update, so nobody waits.
create table millrace.finished_counts (
  tenant_id text not null,
  queue text not null,
  status millrace.job_status not null,
  day date not null,
  n integer not null
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

create index finished_counts_queue on millrace.finished_counts (tenant_id, queue);

-- Makes history's partitions from today to `days_ahead` days on; answers how many it made. The many completed jobs get one a day, the few others one a week.
-- Made apart and then attached, with little patience for locks: nobody who writes history ever waits for it behind somebody who reads. What
-- could not be made now is made by a later call; there are days of slack. Of callers at the same time, one works.
create function millrace.ensure_history_partitions(days_ahead integer) returns integer
language plpgsql set lock_timeout = '100ms' as $$
declare
  today constant date := (now() at time zone 'utc')::date;
  part record;
  made integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.ensure_history_partitions')) then
    return 0;
  end if;
  for part in
    select parent, first_day, first_day + days as next_day, parent || '_' || to_char(first_day, 'YYYYMMDD') as name
    from (
      select 'job_history_completed' as parent, today + n as first_day, 1 as days from generate_series(0, days_ahead) n
      union
      select parent, date_trunc('week', today + n)::date, 7
      from generate_series(0, days_ahead) n, unnest(array['job_history_dead', 'job_history_cancelled']) parent
    ) wanted
    order by parent, first_day
  loop
    if to_regclass('millrace.' || part.name) is null then
      begin
        execute format('create table millrace.%I (like millrace.%I including defaults)', part.name, part.parent);
        execute format(
          'alter table millrace.%I attach partition millrace.%I for values from (%L) to (%L)',
          part.parent, part.name,
          part.first_day::timestamp at time zone 'utc', part.next_day::timestamp at time zone 'utc'
        );
        made := made + 1;
      exception when check_violation or lock_not_available then
        -- The default partition holds rows of that time already, and they stay there; or somebody reads history just now.
        null;
      end;
    end if;
  end loop;
  return made;
end $$;

select millrace.ensure_history_partitions(2);

-- How long to wait after failed attempt number `attempt` (1-based). Exponential backoff has full jitter: a uniform draw up to the capped exponential.
create function millrace.retry_delay(policy jsonb, attempt integer) returns interval
language sql volatile as $$
  select interval '1 millisecond' * case coalesce(policy ->> 'kind', 'exponential')
    when 'fixed' then (policy ->> 'delayMs')::float8
    when 'linear' then least(
      (policy ->> 'capMs')::float8,
      (policy ->> 'baseMs')::float8 * attempt
    )
    when 'delays' then (policy -> 'delaysMs' ->> (least(attempt, jsonb_array_length(policy -> 'delaysMs')) - 1))::float8
    else random() * least(
      coalesce((policy ->> 'capMs')::float8, 3600000),
      coalesce((policy ->> 'baseMs')::float8, 1000) * power(coalesce((policy ->> 'factor')::float8, 2), least(attempt - 1, 100))
    )
  end
$$;

-- Every job in one shape, wherever it is kept: for people at a psql prompt and for reads off the hot path.
create view millrace.all_jobs as
select
  j.id, j.tenant_id, j.queue, j.type,
  case when j.claim_id is null then 'pending' else 'running' end::millrace.job_status as status,
  j.priority, j.attempts, j.max_attempts, j.fence, j.timeout_ms, j.locked_by, j.locked_at,
  case when j.claim_id is not null then (
    select greatest(max(c.lease_expires_at), j.lease_expires_at)
    from millrace.claims c
    where c.claim_id = j.claim_id and c.tenant_id = j.tenant_id and c.queue = j.queue
  ) end as lease_expires_at,
  j.scheduled_at, j.started_at, j.created_at, j.updated_at, null::timestamptz as completed_at,
  j.idempotency_key, j.concurrency_key, j.last_error, j.traceparent, j.trace_id, j.tags, j.retry, j.errors, j.progress,
  null::json as result, j.payload
from millrace.jobs j
union all
select
  h.id, h.tenant_id, h.queue, h.type, h.status, h.priority, h.attempts, h.max_attempts, h.fence, h.timeout_ms,
  h.locked_by, h.locked_at, null::timestamptz, h.scheduled_at, h.started_at, h.created_at, h.updated_at, h.completed_at,
  h.idempotency_key, h.concurrency_key, h.last_error, h.traceparent, h.trace_id, h.tags, h.retry, h.errors, h.progress, h.result, h.payload
from millrace.job_history h;
