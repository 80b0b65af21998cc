-- What decides when a job may run: settings of queues, concurrency keys, dependencies. And what is kept of it: attempts, log lines, history by time of expiry.
-- millrace:statement-timeout 2h

-- Settings of a queue; a queue without a row has the defaults. Claims of a queue with a limit lock its row, so it is narrow and its updates stay HOT.
create table millrace.queue_settings (
  tenant_id text not null,
  queue text not null,
  paused_at timestamptz,
  concurrency integer,
  concurrency_per_key integer not null default 1,
  rate_limit integer,
  rate_period_ms integer,
  rate_burst integer,
  rate_tokens float8,
  rate_refilled_at timestamptz,
  max_depth integer,
  keep_completed_ms bigint,
  keep_dead_ms bigint,
  keep_cancelled_ms bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, queue)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- Due jobs with a concurrency key, until they are admitted to ready. Kept apart so that a claim never scans past a saturated key.
create table millrace.held (
  tenant_id text not null,
  queue text not null,
  concurrency_key text not null,
  priority smallint not null,
  scheduled_at timestamptz not null,
  job_id uuid not null,
  type text not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create index held_admission on millrace.held (tenant_id, queue, concurrency_key, priority desc, scheduled_at, job_id);

-- How many jobs of a key are admitted: in ready or running. Written by admission only, which holds the row's lock. A key of which none is left keeps its row
-- for the next one; upkeep deletes what nobody uses.
create table millrace.key_slots (
  tenant_id text not null,
  queue text not null,
  concurrency_key text not null,
  used integer not null,
  primary key (tenant_id, queue, concurrency_key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- Keys that admission has to look at, and how many slots of theirs are free again. Only appended to and consumed: whoever enqueues or finishes a job waits for nobody.
create table millrace.key_checks (
  tenant_id text not null,
  queue text not null,
  concurrency_key text not null,
  freed integer not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

create index key_checks_key on millrace.key_checks (tenant_id, queue, concurrency_key);

-- The jobs that run of a queue with a limit are counted at each claim. On an expression, so that no statement that knows a claim's id, tenant and queue
-- can take this for the way in and walk over all claims of the queue.
create index claims_lane on millrace.claims ((tenant_id || '/' || queue));

alter table millrace.scheduled add column concurrency_key text;
update millrace.scheduled s set concurrency_key = j.concurrency_key
from millrace.jobs j where j.id = s.job_id and j.concurrency_key is not null;

-- What waits for a claim or runs already was let in without a slot: from now on it has one.
insert into millrace.key_slots (tenant_id, queue, concurrency_key, used)
select j.tenant_id, j.queue, j.concurrency_key, count(*) from millrace.jobs j
where j.concurrency_key is not null and not exists (select from millrace.scheduled s where s.job_id = j.id)
group by 1, 2, 3;

-- Jobs that wait for others to complete, and for which.
create table millrace.blocked (
  job_id uuid primary key,
  tenant_id text not null,
  queue text not null,
  priority smallint not null,
  scheduled_at timestamptz not null,
  type text not null,
  concurrency_key text,
  on_failure text not null
);

create index blocked_queue on millrace.blocked (tenant_id, queue);

create table millrace.job_dependencies (
  job_id uuid not null,
  depends_on uuid not null,
  tenant_id text not null,
  primary key (job_id, depends_on)
);

create index job_dependencies_depends_on on millrace.job_dependencies (depends_on);

-- Until when an idempotency key holds; null is as long as its job is kept.
alter table millrace.job_keys add column expires_at timestamptz;

create index job_keys_expiry on millrace.job_keys (expires_at) where expires_at is not null;

-- Attempts that ended, but for the completed one, which the finished job itself tells of: the usual job adds no row.
create table millrace.job_attempts (
  tenant_id text not null,
  job_id uuid not null,
  fence integer not null,
  attempt smallint not null,
  outcome text not null,
  worker text,
  started_at timestamptz,
  ended_at timestamptz not null default now(),
  message text,
  stack text
) partition by range (ended_at);

create index job_attempts_job on millrace.job_attempts (tenant_id, job_id, fence);
create table millrace.job_attempts_default partition of millrace.job_attempts default;

-- Log lines of handlers.
create sequence millrace.job_logs_seq;
create table millrace.job_logs (
  tenant_id text not null,
  job_id uuid not null,
  seq bigint not null default nextval('millrace.job_logs_seq'),
  logged_at timestamptz not null default now(),
  attempt smallint not null,
  level text not null,
  message text not null
) partition by range (logged_at);

create index job_logs_job on millrace.job_logs (tenant_id, job_id, seq);
create table millrace.job_logs_default partition of millrace.job_logs default;

-- How long finished jobs are kept where their queue says nothing else.
create function millrace.default_retention(status millrace.job_status) returns interval
language sql immutable as $$
  select case status when 'dead' then interval '30 days' else interval '7 days' end
$$;

-- How long a job of this queue that ends now, so, is to be kept.
create function millrace.retention(of_tenant text, of_queue text, status millrace.job_status) returns interval
language sql stable as $$
  select coalesce((
    select case status when 'completed' then q.keep_completed_ms when 'dead' then q.keep_dead_ms else q.keep_cancelled_ms end * interval '1 millisecond'
    from millrace.queue_settings q where q.tenant_id = of_tenant and q.queue = of_queue
  ), millrace.default_retention(status))
$$;

-- What a partition of so long a retention holds: 0 a day of expiry, 1 a week, 2 a month. So there are at most 11, 10 and 15 of them ahead, whatever queues are set to.
create function millrace.retention_class(kept interval) returns smallint
language sql immutable as $$
  select case when kept <= interval '8 days' then 0 when kept <= interval '60 days' then 1 else 2 end::smallint
$$;

-- The partition that a finished job of that class and day of expiry lies in, unless that is the default one.
create function millrace.history_partition(status millrace.job_status, class smallint, day date) returns table (name text, first_day date, next_day date)
language sql stable as $$
  select status || '_jobs_' || case class when 0 then '' when 1 then 'week_' else 'month_' end || to_char(p.first_day, 'YYYYMMDD'), p.first_day,
    (p.first_day + case class when 0 then interval '1 day' when 1 then '7 days' else '1 month' end)::date
  from (select date_trunc(case class when 0 then 'day' when 1 then 'week' else 'month' end, day::timestamp)::date as first_day) p
$$;

-- History anew: by status, then by class of retention and time of expiry, which are fixed when a job ends. So each queue has its own retention, and all of it ends by
-- dropping partitions.
drop view millrace.all_jobs;
drop function millrace.ensure_history_partitions(integer);
alter table millrace.job_history rename to job_history_by_completion;
alter index millrace.job_history_tenant_id rename to job_history_by_completion_tenant_id;

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
  claim_id uuid,
  retention_class smallint not null default 0,
  timeout_ms integer,
  locked_at timestamptz,
  scheduled_at timestamptz not null,
  started_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  completed_at timestamptz not null,
  expires_at timestamptz not null default now() + interval '7 days',
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

create table millrace.completed_jobs partition of millrace.job_history for values in ('completed') partition by range (retention_class, expires_at);
create table millrace.dead_jobs partition of millrace.job_history for values in ('dead') partition by range (retention_class, expires_at);
create table millrace.cancelled_jobs partition of millrace.job_history for values in ('cancelled') partition by range (retention_class, expires_at);

-- The net below: a row whose time has no partition yet is kept here, never refused.
create table millrace.completed_jobs_default partition of millrace.completed_jobs default;
create table millrace.dead_jobs_default partition of millrace.dead_jobs default;
create table millrace.cancelled_jobs_default partition of millrace.cancelled_jobs default;
create index completed_jobs_default_expiry on millrace.completed_jobs_default (expires_at);
create index dead_jobs_default_expiry on millrace.dead_jobs_default (expires_at);
create index cancelled_jobs_default_expiry on millrace.cancelled_jobs_default (expires_at);

-- Counts of finished jobs go with the partition that holds the jobs, so they have its class, and their day is the day of expiry from now on.
alter table millrace.finished_counts add column retention_class smallint not null default 0;
update millrace.finished_counts set day = day + extract(day from millrace.default_retention(status))::integer,
  retention_class = millrace.retention_class(millrace.default_retention(status));

-- The partitions that are needed from today to `days_ahead` days on: of finished jobs for each retention in use, of attempts by week, of log lines by day.
create function millrace.wanted_partitions(days_ahead integer) returns table (parent text, class smallint, name text, first_day date, next_day date)
language sql stable as $$
  with today as (select (now() at time zone 'utc')::date as day),
  kept as (
    select s.status, millrace.default_retention(s.status) as for_time from unnest(array['completed', 'dead', 'cancelled']::millrace.job_status[]) s(status)
    union
    select k.status, k.keep_ms * interval '1 millisecond' from millrace.queue_settings q
    cross join lateral (values ('completed'::millrace.job_status, q.keep_completed_ms), ('dead', q.keep_dead_ms), ('cancelled', q.keep_cancelled_ms)) k(status, keep_ms)
    where k.keep_ms is not null
  ),
  expiring as (
    select distinct k.status, millrace.retention_class(k.for_time) as class, (now() at time zone 'utc' + k.for_time)::date + n as day
    from kept k cross join generate_series(0, days_ahead) n
  )
  select distinct e.status || '_jobs', e.class, p.* from expiring e cross join lateral millrace.history_partition(e.status, e.class, e.day) p
  union
  select 'job_attempts', null, 'job_attempts_' || to_char(w.day, 'YYYYMMDD'), w.day, w.day + 7
  from (select date_trunc('week', t.day + n)::date as day from today t cross join generate_series(0, days_ahead) n) w
  union
  select 'job_logs', null, 'job_logs_' || to_char(t.day + n, 'YYYYMMDD'), t.day + n, t.day + n + 1 from today t cross join generate_series(0, days_ahead) n
$$;

-- Makes a partition that is missing; false when it could not be made now. Made apart and then attached, with little patience for locks: nobody who writes
-- ever waits for it behind somebody who reads.
create function millrace.make_partition(parent text, class smallint, name text, first_day date, next_day date) returns boolean
language plpgsql set lock_timeout = '100ms' as $$
declare
  first_time constant timestamptz := first_day::timestamp at time zone 'utc';
  next_time constant timestamptz := next_day::timestamp at time zone 'utc';
  is_taken boolean;
begin
  if class is not null then
    -- Attaching reads the default partition under a lock that lets nobody write there: not in vain.
    execute format('select exists (select from millrace.%I d where d.retention_class = $1 and d.expires_at >= $2 and d.expires_at < $3)', parent || '_default')
    into is_taken using class, first_time, next_time;
    if is_taken then
      return false;
    end if;
  end if;
  execute format('create table millrace.%I (like millrace.%I including defaults)', name, parent);
  if class is null then
    execute format('alter table millrace.%I attach partition millrace.%I for values from (%L) to (%L)', parent, name, first_time, next_time);
  else
    execute format('alter table millrace.%I attach partition millrace.%I for values from (%L, %L) to (%L, %L)', parent, name, class, first_time, class, next_time);
  end if;
  return true;
exception when check_violation or lock_not_available then
  -- The default partition holds rows of that time already, and they stay there; or somebody reads history just now.
  return false;
end $$;

-- Makes at most `at_most` of the partitions that are missing; answers how many it made. What could not be made now is made by a later call; there are days of slack.
-- Each keeps locks until the end of the transaction, so upkeep makes one in each. Of callers at the same time, one works.
create function millrace.ensure_history_partitions(days_ahead integer, at_most integer) returns integer
language plpgsql as $$
declare
  part record;
  made integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.ensure_history_partitions')) then
    return 0;
  end if;
  for part in select w.* from millrace.wanted_partitions(days_ahead) w order by w.first_day, w.name loop
    exit when made >= at_most;
    if to_regclass('millrace.' || part.name) is null and millrace.make_partition(part.parent, part.class, part.name, part.first_day, part.next_day) then
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;

-- The partitions whose whole range has passed: an hour ago, so that no write that began before is still under way; of attempts 30 and of log lines 7 days ago.
create function millrace.expired_partitions() returns table (parent text, name text)
language sql stable as $$
  select p.relname::text, c.relname::text
  from (values ('completed_jobs', interval '1 hour'), ('dead_jobs', '1 hour'), ('cancelled_jobs', '1 hour'), ('job_attempts', '30 days'), ('job_logs', '7 days')) k(parent, after)
  join pg_class p on p.relname = k.parent and p.relnamespace = 'millrace'::regnamespace
  join pg_inherits i on i.inhparent = p.oid
  join pg_class c on c.oid = i.inhrelid
  where substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \((?:'?\d+'?, )?'([^']+)'\)$bound$)::timestamptz < now() - k.after
$$;

-- Frees the idempotency keys of an expired partition's jobs, `blocks` blocks from `first_block` on; answers the block to go on with, null behind the last one.
-- A key that names another job by now stays. Doing it again changes nothing, so it may end anywhere and be begun anew. Waits for no key that somebody has just now: it
-- fails, and the partition stays for another time, since nothing would lead to that key any more.
create function millrace.free_expired_keys(partition_name text, first_block bigint, blocks integer) returns bigint
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  few_keys constant integer := 10000;
begin
  if not exists (select from millrace.expired_partitions() e where e.name = partition_name and e.parent like '%\_jobs') then
    return null;
  end if;
  -- Where few jobs have keys, looking for these beats reading all jobs of a day.
  if (select count(*) from (select from millrace.job_keys limit few_keys) k) < few_keys then
    execute format(
      'delete from millrace.job_keys d where d.ctid = any(array(
        select k.ctid from millrace.job_keys k where exists (
          select from millrace.%I h where h.tenant_id = k.tenant_id and h.id = k.job_id and h.idempotency_key = k.key
        ) for update of k nowait
      ))', partition_name
    );
    return null;
  end if;
  execute format(
    'delete from millrace.job_keys d where d.ctid = any(array(
      select k.ctid from millrace.%I h
      join millrace.job_keys k on k.tenant_id = h.tenant_id and k.key = h.idempotency_key and k.job_id = h.id
      where h.ctid >= $1 and h.ctid < $2 and h.idempotency_key is not null for update of k nowait
    ))', partition_name
  ) using format('(%s,0)', first_block)::tid, format('(%s,0)', first_block + blocks)::tid;
  return case when (first_block + blocks) * current_setting('block_size')::bigint < pg_relation_size(format('millrace.%I', partition_name))
    then first_block + blocks end;
exception when undefined_table then
  -- Somebody else has dropped it.
  return null;
end $$;

-- Drops an expired partition; false when somebody works in its table just now, or has dropped it. With little patience for locks: whoever comes
-- while it waits for one waits no longer than that.
create function millrace.drop_expired_partition(partition_name text) returns boolean
language plpgsql set lock_timeout = '100ms' as $$
begin
  if not exists (select from millrace.expired_partitions() e where e.name = partition_name) then
    return false;
  end if;
  execute format('drop table millrace.%I', partition_name);
  return true;
exception when lock_not_available or undefined_table then
  return false;
end $$;

select millrace.ensure_history_partitions(2, 1000);

-- For what is there already, too: rows in the default partition would be deleted one by one. What expired long ago goes there, and soon from there.
select millrace.make_partition(o.status || '_jobs', o.class, p.name, p.first_day, p.next_day)
from (
  select distinct h.status, millrace.retention_class(millrace.default_retention(h.status)) as class,
    ((h.completed_at + millrace.default_retention(h.status)) at time zone 'utc')::date as day
  from millrace.job_history_by_completion h
  where h.completed_at + millrace.default_retention(h.status) > now() - interval '30 days'
) o
cross join lateral millrace.history_partition(o.status, o.class, o.day) p
where to_regclass('millrace.' || p.name) is null
group by o.status, o.class, p.name, p.first_day, p.next_day;

insert into millrace.job_history
select id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, null, millrace.retention_class(millrace.default_retention(status)), timeout_ms, locked_at, scheduled_at, started_at,
  created_at, updated_at, completed_at, completed_at + millrace.default_retention(status), locked_by, idempotency_key, concurrency_key,
  last_error, traceparent, trace_id, tags, retry, errors, progress, result, payload
from millrace.job_history_by_completion;

drop table millrace.job_history_by_completion;

-- Every job in one shape, wherever it is kept: for people at a psql prompt and for reads off the hot path.
create view millrace.all_jobs as
select
  j.id, j.tenant_id, j.queue, j.type,
  case when j.claim_id is null then 'pending' else 'running' end::millrace.job_status as status,
  j.priority, j.attempts, j.max_attempts, j.fence, j.timeout_ms, case when j.claim_id is not null then j.locked_by end as locked_by, j.locked_at,
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

-- Lets as many held jobs into ready as their keys have free slots, for at most `keys_max` keys of key_checks and 5,000 jobs, dealt evenly over the keys.
-- Answers how many keys it got on with, and the lanes that got jobs, as JSON [[tenant, queue], ...]: whoever calls goes on until there is none.
-- Strict: `used` counts what is in ready or running. It grows only here, under the row's lock, and shrinks only by returns (key_checks.freed) that are
-- committed. Each statement of this function sees what was committed before it began, so nothing read after the locks were taken is older than they are.
-- Of callers at the same time each takes the keys that no other has locked; new rows are inserted in key order, so they can't deadlock. It waits for no job
-- that somebody is deleting or changing just now: the key gets a new check, which counts as nothing got on with, so that nobody calls for it in a circle.
create function millrace.admit(keys_max integer) returns table (keys integer, lanes json)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  jobs_max constant integer := 5000;
  locked_tenants text[];
  locked_queues text[];
  locked_keys text[];
begin
  -- Only where there is none: an insert that meets a row waits for whoever is changing it.
  insert into millrace.key_slots (tenant_id, queue, concurrency_key, used)
  select distinct c.tenant_id, c.queue, c.concurrency_key, 0
  from (select * from millrace.key_checks limit keys_max) c
  where not exists (
    select from millrace.key_slots k where k.tenant_id = c.tenant_id and k.queue = c.queue and k.concurrency_key = c.concurrency_key
  )
  order by 1, 2, 3
  on conflict do nothing;

  select array_agg(l.tenant_id), array_agg(l.queue), array_agg(l.concurrency_key) into locked_tenants, locked_queues, locked_keys
  from (
    select k.tenant_id, k.queue, k.concurrency_key
    from (select distinct x.tenant_id, x.queue, x.concurrency_key from (select * from millrace.key_checks limit keys_max) x) c
    join millrace.key_slots k on k.tenant_id = c.tenant_id and k.queue = c.queue and k.concurrency_key = c.concurrency_key
    for update of k skip locked
  ) l;
  if locked_keys is null then
    return query select 0, null::json;
    return;
  end if;

  return query
  with locked as materialized (
    select * from unnest(locked_tenants, locked_queues, locked_keys) as t(tenant_id, queue, concurrency_key)
  ),
  consumed as (
    delete from millrace.key_checks c using locked l
    where c.tenant_id = l.tenant_id and c.queue = l.queue and c.concurrency_key = l.concurrency_key
    returning c.tenant_id, c.queue, c.concurrency_key, c.freed
  ),
  returned as (select c.tenant_id, c.queue, c.concurrency_key, sum(c.freed)::integer as freed from consumed c group by 1, 2, 3),
  room as materialized (
    select l.tenant_id, l.queue, l.concurrency_key, k.used as before, greatest(0, k.used - coalesce(r.freed, 0)) as used,
      coalesce(q.concurrency_per_key, 1) as most
    from locked l
    join millrace.key_slots k on k.tenant_id = l.tenant_id and k.queue = l.queue and k.concurrency_key = l.concurrency_key
    left join returned r on r.tenant_id = l.tenant_id and r.queue = l.queue and r.concurrency_key = l.concurrency_key
    left join millrace.queue_settings q on q.tenant_id = l.tenant_id and q.queue = l.queue
  ),
  moved as (
    delete from millrace.held h where h.ctid = any(array(
      select x.row_id from room r cross join lateral (
        select e.ctid as row_id from millrace.held e
        where e.tenant_id = r.tenant_id and e.queue = r.queue and e.concurrency_key = r.concurrency_key
        order by e.priority desc, e.scheduled_at, e.job_id
        limit least(greatest(0, r.most - r.used), greatest(1, jobs_max / cardinality(locked_keys))) for update skip locked
      ) x
    ))
    returning h.tenant_id, h.queue, h.concurrency_key, h.priority, h.scheduled_at, h.job_id, h.type
  ),
  entered as (
    insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
    select m.tenant_id, m.queue, m.priority, m.scheduled_at, m.job_id, m.type from moved m
  ),
  counted as (
    select r.*, coalesce(m.n, 0)::integer as n from room r
    left join (select x.tenant_id, x.queue, x.concurrency_key, count(*) as n from moved x group by 1, 2, 3) m
    on m.tenant_id = r.tenant_id and m.queue = r.queue and m.concurrency_key = r.concurrency_key
  ),
  -- A key has more when it has room left and, as this statement found it, more jobs than were moved.
  after as materialized (
    select c.tenant_id, c.queue, c.concurrency_key, c.before, c.used + c.n as used, c.n, c.used + c.n < c.most and (
      select count(*) from (
        select from millrace.held e where e.tenant_id = c.tenant_id and e.queue = c.queue and e.concurrency_key = c.concurrency_key limit c.n + 1
      ) h
    ) > c.n as has_more
    from counted c
  ),
  kept as (
    update millrace.key_slots k set used = a.used from after a
    where k.tenant_id = a.tenant_id and k.queue = a.queue and k.concurrency_key = a.concurrency_key and a.used <> a.before
  ),
  again as (
    insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed)
    select a.tenant_id, a.queue, a.concurrency_key, 0 from after a where a.has_more
  )
  select (select count(*)::integer from after a where a.n > 0 or not a.has_more),
    (select json_agg(json_build_array(m.tenant_id, m.queue)) from (select distinct x.tenant_id, x.queue from moved x) m);
end $$;

-- How many tokens the bucket of a queue holds: it fills evenly, `rate_limit` a period, up to `rate_burst`. https://en.wikipedia.org/wiki/Token_bucket
create function millrace.rate_tokens(setting millrace.queue_settings, at_time timestamptz) returns float8
language sql immutable as $$
  select least(
    coalesce(setting.rate_burst, setting.rate_limit)::float8,
    coalesce(setting.rate_tokens, coalesce(setting.rate_burst, setting.rate_limit)) + greatest(0, extract(epoch from at_time - coalesce(setting.rate_refilled_at, at_time)))::float8
      * 1000 * setting.rate_limit / setting.rate_period_ms
  )
$$;

-- How many jobs of a queue its limits let start at that time and, where only a token is missing, in how many milliseconds the next one is there; else null.
create function millrace.queue_room(setting millrace.queue_settings, at_time timestamptz) returns float8[]
language plpgsql stable as $$
declare
  slots float8 := 2147483647;
  tokens float8 := 2147483647;
begin
  if setting.paused_at is not null then
    return array[0, null];
  end if;
  if setting.concurrency is not null then
    slots := greatest(0, setting.concurrency - coalesce((
      select sum(c.open) from millrace.claims c where c.tenant_id || '/' || c.queue = setting.tenant_id || '/' || setting.queue
    ), 0));
  end if;
  if setting.rate_limit is not null then
    tokens := millrace.rate_tokens(setting, at_time);
    if setting.rate_refilled_at > at_time then
      -- The clock was set back: let in whoever asks, so that claim_limited puts that right.
      tokens := greatest(tokens, 1);
    end if;
  end if;
  return array[least(slots, floor(tokens)), case when slots > 0 and tokens < 1 then (1 - tokens) * setting.rate_period_ms / setting.rate_limit end];
end $$;

-- Divides a claim among lanes that have work, which come in the order of their tenants: each tenant gets an equal share, and each of its queues an equal share
-- of that. What doesn't divide goes round with `turn`, the number of the claim. Best served first; whoever has no share comes last, for what the others leave.
create function millrace.claim_shares(tenants text[], queues text[], limits boolean[], at_most integer, turn integer)
returns table (tenant_id text, queue text, limited boolean, share integer)
language plpgsql immutable as $$
declare
  firsts integer[] := '{}';
  tenants_n integer;
  lanes_most integer := 0;
  first integer;
  lanes_n integer;
  tenant_share integer;
  lane integer;
begin
  for i in 1..coalesce(cardinality(tenants), 0) loop
    if i = 1 or tenants[i] <> tenants[i - 1] then
      firsts := firsts || i;
    end if;
    lanes_most := greatest(lanes_most, i - firsts[cardinality(firsts)] + 1);
  end loop;
  tenants_n := cardinality(firsts);
  for with_share in reverse 1..0 loop
    for nth_lane in 0..lanes_most - 1 loop
      for nth_tenant in 0..tenants_n - 1 loop
        lane := (nth_tenant + turn) % tenants_n;
        first := firsts[lane + 1];
        lanes_n := coalesce(firsts[lane + 2], cardinality(tenants) + 1) - first;
        continue when nth_lane >= lanes_n;
        tenant_share := at_most / tenants_n + (nth_tenant < at_most % tenants_n)::integer;
        share := tenant_share / lanes_n + (nth_lane < tenant_share % lanes_n)::integer;
        continue when (share > 0) <> (with_share = 1);
        lane := first + (nth_lane + turn / tenants_n) % lanes_n;
        tenant_id := tenants[lane];
        queue := queues[lane];
        limited := limits[lane];
        return next;
      end loop;
    end loop;
  end loop;
end $$;

-- Claims from one queue that has a limit, and answers the claimed rows, or one row without a job that says when to ask again. The row of its settings is the
-- lock: of claimers at the same time one goes on, and the others are told to come back at once. Each statement of this function sees what was committed
-- before it began, so the count of running jobs, read after the lock was taken, has every earlier claim in it: the limit is never overshot. Finishes take
-- no lock; they only make room. Jobs start at the time by which tokens are counted, so the bucket holds for the times that are recorded.
create function millrace.claim_limited(
  of_tenant text, of_queue text, of_types text[], at_most integer, by_claim uuid, by_worker text, lease_ms float8
) returns table (job millrace.jobs, retry_in_ms float8)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  setting millrace.queue_settings;
  has_room float8[];
  at_time timestamptz;
  taken integer;
begin
  select * into setting from millrace.queue_settings s where s.tenant_id = of_tenant and s.queue = of_queue for update skip locked;
  if not found then
    return query select null::millrace.jobs, 0::float8;
    return;
  end if;
  at_time := clock_timestamp();
  if setting.rate_refilled_at > at_time then
    -- The clock was set back: the bucket goes on from now with what it holds.
    setting.rate_refilled_at := at_time;
    update millrace.queue_settings s set rate_refilled_at = at_time where s.tenant_id = of_tenant and s.queue = of_queue;
  end if;
  has_room := millrace.queue_room(setting, at_time);
  if has_room[1] = 0 then
    return query select null::millrace.jobs, has_room[2];
    return;
  end if;
  return query
  with picked as (
    delete from millrace.ready r where r.ctid = any(array(
      select c.ctid from millrace.ready c
      where c.tenant_id = of_tenant and c.queue = of_queue and (of_types is null or c.type = any(of_types))
      order by c.priority desc, c.scheduled_at, c.job_id limit least(has_room[1]::integer, at_most) for update skip locked
    ))
    returning r.job_id
  ),
  leased as (
    insert into millrace.claims (claim_id, tenant_id, queue, worker, job_ids, open, lease_expires_at)
    select by_claim, of_tenant, of_queue, by_worker, array_agg(p.job_id), count(*), at_time + lease_ms * interval '1 millisecond'
    from picked p having count(*) > 0
  ),
  claimed as (
    update millrace.jobs j set
      claim_id = by_claim, locked_by = by_worker, locked_at = at_time, lease_expires_at = null, started_at = at_time,
      updated_at = at_time, attempts = j.attempts + 1, fence = j.fence + 1
    where j.id = any(array(select p.job_id from picked p))
    returning j as row
  )
  select c.row, null::float8 from claimed c;
  get diagnostics taken = row_count;
  if setting.rate_limit is not null and taken > 0 then
    update millrace.queue_settings s set rate_tokens = millrace.rate_tokens(setting, at_time) - taken, rate_refilled_at = at_time
    where s.tenant_id = of_tenant and s.queue = of_queue;
  end if;
end $$;

-- Puts blocked jobs where they wait next: ready or, with a concurrency key, held when due; else scheduled. The row in blocked is the proof that nobody else
-- acts on the job: only what this statement deletes there goes on. Due by the clock: a job may have been enqueued after this transaction began.
create function millrace.unblock(ids uuid[]) returns void
language sql as $$
  with freed as (
    delete from millrace.blocked b where b.job_id = any(ids)
    returning b.job_id, b.tenant_id, b.queue, b.priority, b.scheduled_at, b.type, b.concurrency_key, b.scheduled_at <= clock_timestamp() as is_due
  ),
  due as (
    insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
    select tenant_id, queue, priority, scheduled_at, job_id, type from freed where is_due and concurrency_key is null
  ),
  later as (
    insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type, concurrency_key)
    select tenant_id, queue, priority, scheduled_at, job_id, type, concurrency_key from freed where not is_due
  ),
  keyed as (
    insert into millrace.held (tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type)
    select tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type from freed where is_due and concurrency_key is not null
    returning tenant_id, queue, concurrency_key
  ),
  checks as (
    insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed) select distinct tenant_id, queue, concurrency_key, 0 from keyed
  )
  -- Where to look; no payload means everywhere, since one of 8,000 bytes is refused.
  select pg_notify('millrace_jobs', case when octet_length(l.lanes::text) < 7000 then l.lanes::text else '' end)
  from (
    select json_agg(case when f.is_held then json_build_array(f.tenant_id, f.queue, 'held') else json_build_array(f.tenant_id, f.queue) end) as lanes
    from (select distinct tenant_id, queue, is_due and concurrency_key is not null as is_held from freed) f
  ) l
  where l.lanes is not null
$$;

-- Cancels the blocked jobs that depend on one of `ended`, which `how` says did not complete, and then those that depend on these, level by level: those that want
-- it, and of a job that is gone for good all, since nothing can complete it any more. A job's row in blocked is the lock of its edges; rows are locked in the order
-- of ids, which is that of time, so a job's lock comes before its dependents'. The jobs are deleted in one statement at the end: deep chains don't nest triggers.
create function millrace.cancel_dependents(ended uuid[], how text, for_good boolean) returns void
language plpgsql as $$
declare
  level uuid[] := ended;
  whatever_policy boolean := for_good;
  causes uuid[];
  doomed uuid[] := '{}';
  reasons text[] := '{}';
begin
  loop
    select array_agg(l.job_id), array_agg(l.cause) into level, causes from (
      select b.job_id, (
        select d.depends_on from millrace.job_dependencies d where d.job_id = b.job_id and d.depends_on = any(level) order by d.depends_on limit 1
      ) as cause
      from millrace.blocked b
      where b.job_id = any(array(select d.job_id from millrace.job_dependencies d where d.depends_on = any(level)))
        and (whatever_policy or b.on_failure = 'cancel')
      order by b.job_id for update of b
    ) l;
    exit when level is null;
    delete from millrace.job_dependencies d where d.job_id = any(level);
    doomed := doomed || level;
    reasons := reasons || array(select format('The job %s, on which this one depends, %s.', c.id, how) from unnest(causes) with ordinality c(id, n) order by c.n);
    whatever_policy := false;
    how := 'was cancelled';
  end loop;
  if doomed = '{}' then
    return;
  end if;
  with taken as (delete from millrace.blocked b where b.job_id = any(doomed)),
  gone as (
    delete from millrace.jobs j using unnest(doomed, reasons) as r(id, reason) where j.id = r.id returning j.*, r.reason
  ),
  ended as (
    select g.tenant_id, g.queue, count(*) as n, millrace.retention(g.tenant_id, g.queue, 'cancelled') as kept from gone g group by g.tenant_id, g.queue
  ),
  counted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, retention_class, n)
    select e.tenant_id, e.queue, 'cancelled', ((now() + e.kept) at time zone 'utc')::date, millrace.retention_class(e.kept), e.n from ended e
  )
  insert into millrace.job_history (
    id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, timeout_ms, locked_at, scheduled_at, started_at, created_at, updated_at,
    completed_at, expires_at, retention_class, locked_by, idempotency_key, concurrency_key, last_error, traceparent, trace_id, tags, retry, errors, progress, payload
  )
  select g.id, g.tenant_id, g.queue, g.type, 'cancelled', g.priority, g.attempts, g.max_attempts, g.fence, g.timeout_ms, g.locked_at, g.scheduled_at,
    g.started_at, g.created_at, now(), now(), now() + e.kept, millrace.retention_class(e.kept), g.locked_by, g.idempotency_key, g.concurrency_key,
    g.reason, g.traceparent, g.trace_id, g.tags, g.retry, g.errors, g.progress, g.payload
  from gone g join ended e on e.tenant_id = g.tenant_id and e.queue = g.queue;
end $$;

-- Runs in the statement that ends jobs, whatever ends them: every end is a delete from jobs. A job that was enqueued meanwhile and depends on one of these
-- held a lock on its row (lock_dependencies), so the delete waited for it, and the statements here, which see what was committed before they began, see its edge.
-- Of two dependencies of a job that end together the later waits for the lock of its edges, and then sees that the other one has ended.
create function millrace.release_dependents() returns trigger
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  completed uuid[];
  dead uuid[];
  cancelled uuid[];
  deleted uuid[];
  waiting uuid[];
begin
  if not exists (select from millrace.job_dependencies d where d.depends_on = any(array(select g.id from gone g))) then
    return null;
  end if;
  perform from millrace.blocked b where b.job_id = any(array(
    select d.job_id from millrace.job_dependencies d where d.depends_on = any(array(select g.id from gone g))
  )) order by b.job_id for update;
  select array_agg(e.id) filter (where e.status = 'completed'), array_agg(e.id) filter (where e.status = 'dead'),
    array_agg(e.id) filter (where e.status = 'cancelled'), array_agg(e.id) filter (where e.status is null)
  into completed, dead, cancelled, deleted
  from (
    select g.id, (select h.status from millrace.job_history h where h.tenant_id = g.tenant_id and h.id = g.id limit 1) as status
    from gone g where exists (select from millrace.job_dependencies d where d.depends_on = g.id)
  ) e;
  if completed is not null then
    with met as (delete from millrace.job_dependencies d where d.depends_on = any(completed) returning d.job_id)
    select array_agg(distinct m.job_id) into waiting from met m;
    perform millrace.unblock(array(
      select w.id from unnest(waiting) w(id) where not exists (select from millrace.job_dependencies d where d.job_id = w.id)
    ));
  end if;
  if dead is not null then
    perform millrace.cancel_dependents(dead, 'died', false);
  end if;
  if cancelled is not null then
    perform millrace.cancel_dependents(cancelled, 'was cancelled', false);
  end if;
  if deleted is not null then
    perform millrace.cancel_dependents(deleted, 'was deleted', true);
  end if;
  return null;
end $$;

create trigger jobs_release_dependents after delete on millrace.jobs
referencing old table as gone for each statement execute function millrace.release_dependents();

-- Runs where finished jobs leave history: jobs that wait for a retry of one that was deleted would wait for ever. A retry puts it back into jobs in the same statement.
create function millrace.cancel_dependents_of_deleted() returns trigger
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  deleted uuid[];
begin
  select array_agg(g.id) into deleted from gone g
  where exists (select from millrace.job_dependencies d where d.depends_on = g.id) and not exists (select from millrace.jobs j where j.id = g.id);
  if deleted is not null then
    perform millrace.cancel_dependents(deleted, 'was deleted', true);
  end if;
  return null;
end $$;

create trigger job_history_cancel_dependents after delete on millrace.job_history
referencing old table as gone for each statement execute function millrace.cancel_dependents_of_deleted();

-- The same for those that left with their partition, which fires no trigger: among the next `jobs_max` jobs behind `after` that others depend on. Answers how many were gone
-- and the last that it looked at, null at the end. It hops from one such job to the next, however many depend on it. What is in neither table in one snapshot is gone for good.
create function millrace.cancel_dependents_of_dropped(after uuid, jobs_max integer) returns table (cancelled integer, last uuid)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  dropped uuid[];
begin
  with recursive walk as (
    (select d.depends_on, d.tenant_id, 1 as n from millrace.job_dependencies d where d.depends_on > after order by d.depends_on limit 1)
    union all
    select x.depends_on, x.tenant_id, w.n + 1 from walk w cross join lateral (
      select d.depends_on, d.tenant_id from millrace.job_dependencies d where d.depends_on > w.depends_on order by d.depends_on limit 1
    ) x
    where w.n < jobs_max
  )
  select max(w.depends_on::text) filter (where w.n = jobs_max), array_agg(w.depends_on) filter (
    where not exists (select from millrace.jobs j where j.id = w.depends_on)
      and not exists (select from millrace.job_history h where h.tenant_id = w.tenant_id and h.id = w.depends_on)
  )
  into last, dropped from walk w;
  if dropped is not null then
    perform millrace.cancel_dependents(dropped, 'is no longer kept', true);
  end if;
  cancelled := coalesce(cardinality(dropped), 0);
  return next;
end $$;

-- The present states of the jobs that a new one is to depend on; null is no such job. None that has not completed can leave its state for another table before the
-- caller's transaction ends: its row is locked against deletion, and against nothing else. All locks are taken at once or none is held: whoever ends many jobs
-- in one statement locks them in an order of its own, so waiting for one while holding another could deadlock.
create function millrace.lock_dependencies(of_tenant text, ids uuid[]) returns table (id uuid, status text)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  unfinished uuid[];
  failed uuid[];
  states text[];
  one uuid;
begin
  for round in 1..20 loop
    begin
      select array_agg(l.id) into unfinished
      from (select j.id from millrace.jobs j where j.tenant_id = of_tenant and j.id = any(ids) for key share nowait) l;
      select array_agg(l.id) into failed from (
        select h.id from millrace.job_history h where h.tenant_id = of_tenant and h.id = any(ids) and h.status <> 'completed' for key share nowait
      ) l;
      select array_agg((select a.status::text from millrace.all_jobs a where a.tenant_id = of_tenant and a.id = i.id limit 1) order by i.n) into states
      from unnest(ids) with ordinality i(id, n);
      -- One that moved from one table to the other in between is in neither answer: look again.
      if not exists (
        select from unnest(ids, states) s(id, status)
        where s.status <> 'completed' and s.id <> all(coalesce(unfinished, '{}')) and s.id <> all(coalesce(failed, '{}'))
      ) then
        return query select s.id, s.status from unnest(ids, states) s(id, status);
        return;
      end if;
    exception when lock_not_available then
      null;
    end;
    -- Somebody is ending one of them: wait for each, and hold none.
    foreach one in array ids loop
      begin
        perform from millrace.jobs j where j.tenant_id = of_tenant and j.id = one for key share;
        perform from millrace.job_history h where h.tenant_id = of_tenant and h.id = one and h.status <> 'completed' for key share;
        raise exception using errcode = 'MR000';
      exception when sqlstate 'MR000' then
        null;
      end;
    end loop;
  end loop;
  raise exception 'the jobs that this one depends on change too fast' using errcode = 'serialization_failure';
end $$;

-- A new UUIDv7, its last 12 bits of time those below the millisecond: ids of one session sort by the time they were made. PostgreSQL has its own from 18 on.
create function millrace.new_job_id() returns uuid
language sql volatile as $$
  select encode(
    overlay(
      overlay(uuid_send(gen_random_uuid()) placing substring(int8send(t.microseconds / 1000) from 3) from 1 for 6)
      placing int2send((28672 + t.microseconds % 1000 * 4096 / 1000)::int2) from 7 for 2
    ), 'hex'
  )::uuid
  from (select floor(extract(epoch from clock_timestamp()) * 1000000)::bigint as microseconds) t
$$;

-- A retry policy as the API takes it, its defaults filled in.
create function millrace.retry_policy(given jsonb) returns jsonb
language plpgsql immutable strict as $$
declare
  defaults constant jsonb := case given ->> 'kind'
    when 'exponential' then '{"baseMs": 1000, "factor": 2, "capMs": 3600000}'
    when 'linear' then '{"baseMs": 1000, "capMs": 3600000}'
    when 'fixed' then '{"delayMs": null}'
    when 'delays' then '{"delaysMs": null}'
  end;
  policy constant jsonb := defaults || given;
  member record;
begin
  if jsonb_typeof(given) <> 'object' or defaults is null then
    raise exception 'millrace.enqueue: retry has the kind exponential, linear, fixed or delays' using errcode = 'invalid_parameter_value';
  end if;
  for member in select m.key, m.value from jsonb_each(policy - 'kind') m loop
    if not defaults ? member.key then
      raise exception 'millrace.enqueue: retry of the kind % has no member %', given ->> 'kind', member.key using errcode = 'invalid_parameter_value';
    end if;
    if not (case member.key
      when 'factor' then jsonb_path_exists(member.value, '$ ? (@.type() == "number" && @ >= 1 && @ <= 10)')
      when 'delaysMs' then jsonb_typeof(member.value) = 'array' and jsonb_array_length(member.value) between 1 and 100
        and not jsonb_path_exists(member.value, 'strict $[*] ? (@.type() != "number" || @ < 0 || @ > 604800000 || @.floor() != @)')
      else jsonb_path_exists(member.value, '$ ? (@.type() == "number" && @ >= 0 && @ <= 604800000 && @.floor() == @)')
    end) then
      raise exception 'millrace.enqueue: retry has a % that is missing, or not a number in its bounds', member.key using errcode = 'invalid_parameter_value';
    end if;
  end loop;
  return policy;
end $$;

-- Enqueues a job in the caller's own transaction, and answers its id: for psql, triggers and every client of the database. The job is there if and only if that
-- transaction commits, and workers are woken when it does. A known idempotency key answers the id of its job. Explained in docs/concepts/transactions.md.
-- The key decides as in the service: its unique index lets one of two transactions go on and the other one wait; a key whose window has passed or whose job is
-- gone is taken over from the job that it was seen to name, which the update checks again.
create function millrace.enqueue(
  type text,
  payload jsonb default '{}',
  queue text default 'default',
  tenant text default 'default',
  priority integer default 0,
  delay interval default null,
  scheduled_at timestamptz default null,
  max_attempts integer default 20,
  idempotency_key text default null,
  concurrency_key text default null,
  tags text[] default '{}',
  timeout_ms integer default null,
  retry jsonb default null,
  depends_on uuid[] default '{}',
  on_dependency_failure text default 'cancel',
  traceparent text default null
) returns uuid
language plpgsql as $$
declare
  name_form constant text := '^[A-Za-z0-9][A-Za-z0-9._:/-]*$';
  new_id constant uuid := millrace.new_job_id();
  given_delay constant interval := delay;
  given_time constant timestamptz := scheduled_at;
  wrong text;
  depth_max integer;
  digest text;
  known record;
  dependency record;
  waits_for uuid[] := '{}';
  failed record;
  has_failed boolean := false;
begin
  payload := coalesce(payload, '{}');
  queue := coalesce(queue, 'default');
  tenant := coalesce(tenant, 'default');
  priority := coalesce(priority, 0);
  max_attempts := coalesce(max_attempts, 20);
  tags := coalesce(tags, '{}');
  depends_on := coalesce(depends_on, '{}');
  on_dependency_failure := coalesce(on_dependency_failure, 'cancel');
  wrong := case
    when coalesce(type, '') !~ name_form or length(type) > 128
      then 'type is 1 to 128 letters, digits and . _ : / -, starting with a letter or digit'
    when queue !~ name_form or length(queue) > 128 then 'queue is 1 to 128 letters, digits and . _ : / -, starting with a letter or digit'
    when tenant !~ '^[a-z0-9][a-z0-9_-]*$' or length(tenant) > 64 then 'tenant is 1 to 64 lower-case letters, digits, _ and -, starting with a letter or digit'
    when octet_length(payload::text) > 262144 then format('payload has %s bytes; at most 262144 are allowed', octet_length(payload::text))
    when jsonb_path_exists(payload, 'strict $.**{64} ? (@.type() == "array" || @.type() == "object")') then 'payload is nested more than 64 levels deep'
    when priority not between -32768 and 32767 then 'priority is between -32768 and 32767'
    when given_delay is not null and given_time is not null then 'delay and scheduled_at exclude one another'
    when extract(epoch from given_delay) not between 0 and 31622400 then 'delay is between 0 and 366 days'
    when not isfinite(given_time) then 'scheduled_at is a finite time'
    when max_attempts not between 1 and 1000 then 'max_attempts is between 1 and 1000'
    when length(idempotency_key) not between 1 and 255 then 'idempotency_key has 1 to 255 characters'
    when length(concurrency_key) not between 1 and 255 then 'concurrency_key has 1 to 255 characters'
    when cardinality(tags) > 20 then 'tags are at most 20'
    when exists (select from unnest(tags) t(tag) where coalesce(length(t.tag), 0) not between 1 and 64) then 'tags has a tag without 1 to 64 characters'
    when timeout_ms not between 1 and 86400000 then 'timeout_ms is between 1 and 86400000'
    when cardinality(depends_on) > 100 then 'depends_on names at most 100 jobs'
    when array_position(depends_on, null) is not null then 'depends_on has a null'
    when (select count(distinct d.on_job) from unnest(depends_on) d(on_job)) < cardinality(depends_on) then 'depends_on names a job twice'
    when on_dependency_failure not in ('cancel', 'wait') then 'on_dependency_failure is cancel or wait'
    when traceparent !~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then 'traceparent is not in the form of W3C Trace Context'
  end;
  if wrong is not null then
    raise exception 'millrace.enqueue: %', wrong using errcode = 'invalid_parameter_value';
  end if;
  retry := millrace.retry_policy(retry);
  scheduled_at := coalesce(given_time, now() + given_delay, now());

  if idempotency_key is not null then
    digest := 'sql:' || encode(sha256(convert_to(jsonb_build_array(
      type, payload, queue, priority, extract(epoch from given_delay), extract(epoch from given_time), max_attempts, concurrency_key, tags, timeout_ms, retry, depends_on, on_dependency_failure
    )::text, 'UTF8')), 'base64');
    loop
      insert into millrace.job_keys as k (tenant_id, key, job_id, request_hash) values (enqueue.tenant, enqueue.idempotency_key, new_id, digest)
      on conflict do nothing;
      exit when found;
      select k.job_id, k.request_hash, coalesce(k.expires_at <= now(), false) as expired, k.created_at < now() as settled,
        exists (select from millrace.all_jobs a where a.tenant_id = k.tenant_id and a.id = k.job_id) as kept
      into known from millrace.job_keys k where k.tenant_id = enqueue.tenant and k.key = enqueue.idempotency_key;
      continue when not found;
      if known.expired or (known.settled and not known.kept) then
        update millrace.job_keys k set job_id = new_id, request_hash = digest, created_at = now(), expires_at = null
        where k.tenant_id = enqueue.tenant and k.key = enqueue.idempotency_key and k.job_id = known.job_id
          and (not known.expired or k.expires_at <= now());
        exit when found;
        continue;
      end if;
      -- A digest that the service has made can't be compared, nor one that is lost (a retry of a job whose key was freed already).
      if known.request_hash like 'sql:_%' and known.request_hash <> digest then
        raise exception 'millrace.enqueue: idempotency_key % was used before with a different request', quote_literal(idempotency_key)
          using errcode = 'unique_violation', detail = format('Its job is %s.', known.job_id);
      end if;
      return known.job_id;
    end loop;
  end if;

  select q.max_depth into depth_max from millrace.queue_settings q where q.tenant_id = enqueue.tenant and q.queue = enqueue.queue;
  if depth_max is not null and (
    select count(*) from (
      select from millrace.ready w where w.tenant_id = enqueue.tenant and w.queue = enqueue.queue
      union all select from millrace.scheduled w where w.tenant_id = enqueue.tenant and w.queue = enqueue.queue
      union all select from millrace.held w where w.tenant_id = enqueue.tenant and w.queue = enqueue.queue
      union all select from millrace.blocked w where w.tenant_id = enqueue.tenant and w.queue = enqueue.queue
      limit depth_max
    ) waiting
  ) >= depth_max then
    raise exception 'millrace.enqueue: queue % is full: % jobs wait in it', quote_literal(queue), depth_max using errcode = 'configuration_limit_exceeded';
  end if;

  if depends_on <> '{}' then
    for dependency in select l.id as on_job, l.status from millrace.lock_dependencies(tenant, depends_on) l loop
      if dependency.status is null then
        raise exception 'millrace.enqueue: depends_on names %, and there is no such job', dependency.on_job using errcode = 'invalid_parameter_value';
      elsif dependency.status <> 'completed' then
        -- The end of a job releases all that wait for it in its own statement, which has a deadline.
        if (select count(*) from (select from millrace.job_dependencies d where d.depends_on = dependency.on_job limit 10000) d) >= 10000 then
          raise exception 'millrace.enqueue: 10000 jobs depend on the job % already', dependency.on_job using errcode = 'configuration_limit_exceeded';
        end if;
        waits_for := waits_for || dependency.on_job;
      end if;
      if dependency.status in ('dead', 'cancelled') and on_dependency_failure = 'cancel' and not has_failed then
        failed := dependency;
        has_failed := true;
      end if;
    end loop;
  end if;

  if not exists (select from millrace.queues q where q.tenant_id = enqueue.tenant and q.name = enqueue.queue) then
    insert into millrace.queues (tenant_id, name) values (enqueue.tenant, enqueue.queue) on conflict do nothing;
  end if;
  insert into millrace.jobs (
    id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at, idempotency_key, concurrency_key, tags, retry, payload, traceparent
  ) values (
    new_id, enqueue.tenant, enqueue.queue, enqueue.type, enqueue.priority, enqueue.max_attempts, enqueue.timeout_ms, enqueue.scheduled_at,
    enqueue.idempotency_key, enqueue.concurrency_key, enqueue.tags, enqueue.retry, enqueue.payload::json, enqueue.traceparent
  );
  if waits_for <> '{}' then
    insert into millrace.blocked (job_id, tenant_id, queue, priority, scheduled_at, type, concurrency_key, on_failure)
    values (new_id, enqueue.tenant, enqueue.queue, enqueue.priority, enqueue.scheduled_at, enqueue.type, enqueue.concurrency_key, enqueue.on_dependency_failure);
    insert into millrace.job_dependencies (job_id, depends_on, tenant_id) select new_id, w.on_job, enqueue.tenant from unnest(waits_for) w(on_job);
    if has_failed then
      perform millrace.cancel_dependents(array[failed.on_job], case failed.status when 'dead' then 'died' else 'was cancelled' end, false);
    end if;
    return new_id;
  end if;
  if scheduled_at > now() then
    insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type, concurrency_key)
    values (enqueue.tenant, enqueue.queue, enqueue.priority, enqueue.scheduled_at, new_id, enqueue.type, enqueue.concurrency_key);
  elsif concurrency_key is null then
    insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
    values (enqueue.tenant, enqueue.queue, enqueue.priority, enqueue.scheduled_at, new_id, enqueue.type);
  else
    insert into millrace.held (tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type)
    values (enqueue.tenant, enqueue.queue, enqueue.concurrency_key, enqueue.priority, enqueue.scheduled_at, new_id, enqueue.type);
    insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed) values (enqueue.tenant, enqueue.queue, enqueue.concurrency_key, 0);
  end if;
  perform pg_notify('millrace_jobs', case
    when concurrency_key is null then json_build_array(json_build_array(tenant, queue))
    else json_build_array(json_build_array(tenant, queue, 'held'))
  end::text);
  return new_id;
end $$;
