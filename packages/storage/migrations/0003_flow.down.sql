-- millrace:lossy drops settings of queues, dependencies, attempts and log lines; jobs that wait for a concurrency key or for other jobs become claimable
-- millrace:statement-timeout 2h
drop function millrace.enqueue(text, jsonb, text, text, integer, interval, timestamptz, integer, text, text, text[], integer, jsonb, uuid[], text, text);
drop function millrace.retry_policy(jsonb);
drop function millrace.new_job_id();
drop function millrace.lock_dependencies(text, uuid[]);
drop trigger jobs_release_dependents on millrace.jobs;
drop function millrace.release_dependents();
drop trigger job_history_cancel_dependents on millrace.job_history;
drop function millrace.cancel_dependents_of_deleted();
drop function millrace.cancel_dependents_of_dropped(uuid, integer);
drop function millrace.cancel_dependents(uuid[], text, boolean);
drop function millrace.unblock(uuid[]);
drop function millrace.claim_limited(text, text, text[], integer, uuid, text, float8);
drop function millrace.claim_shares(text[], text[], boolean[], integer, integer);
drop function millrace.queue_room(millrace.queue_settings, timestamptz);
drop function millrace.rate_tokens(millrace.queue_settings, timestamptz);
drop function millrace.admit(integer);

insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
select tenant_id, queue, priority, scheduled_at, job_id, type from millrace.held
union all
select tenant_id, queue, priority, scheduled_at, job_id, type from millrace.blocked where scheduled_at <= now();
insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type)
select tenant_id, queue, priority, scheduled_at, job_id, type from millrace.blocked where scheduled_at > now();

drop view millrace.all_jobs;
drop function millrace.ensure_history_partitions(integer, integer);
drop function millrace.make_partition(text, smallint, text, date, date);
drop function millrace.wanted_partitions(integer);
drop function millrace.drop_expired_partition(text);
drop function millrace.free_expired_keys(text, bigint, integer);
drop function millrace.expired_partitions();
drop function millrace.retention(text, text, millrace.job_status);
drop function millrace.retention_class(interval);
drop function millrace.history_partition(millrace.job_status, smallint, date);
alter table millrace.job_history rename to job_history_by_expiry;
alter index millrace.job_history_tenant_id rename to job_history_by_expiry_tenant_id;

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

insert into millrace.job_history
select id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, timeout_ms, locked_at, scheduled_at, started_at,
  created_at, updated_at, completed_at, locked_by, idempotency_key, concurrency_key, last_error, traceparent, trace_id, tags, retry, errors,
  progress, result, payload
from millrace.job_history_by_expiry;
drop table millrace.job_history_by_expiry;
update millrace.finished_counts set day = day - extract(day from millrace.default_retention(status))::integer;
alter table millrace.finished_counts drop column retention_class;
drop function millrace.default_retention(millrace.job_status);

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

drop table millrace.job_logs;
drop sequence millrace.job_logs_seq;
drop table millrace.job_attempts;
delete from millrace.job_keys where expires_at <= now();
drop index millrace.job_keys_expiry;
alter table millrace.job_keys drop column expires_at;
drop table millrace.job_dependencies;
drop table millrace.blocked;
alter table millrace.scheduled drop column concurrency_key;
drop table millrace.key_checks;
drop table millrace.key_slots;
drop table millrace.held;
drop index millrace.claims_lane;
drop table millrace.queue_settings;
