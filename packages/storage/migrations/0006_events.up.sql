-- Event tables, the log of accepted events, the keys that were used, how far the log is read, and what could not be written.

-- A tenant's log. `head` is the last offset given out: a publish takes this row last and holds it to its commit, so that offsets become visible
-- in their order. `tenant_no` names the tenant where text can't: in subjects and in paths.
create table millrace.event_logs (
  tenant_no bigint generated always as identity primary key,
  tenant_id text not null unique,
  head bigint not null default 0,
  bytes bigint not null default 0,
  -- Where it goes on now. Whoever publishes checks it with the head, so that nothing is published where the log has ended.
  bus text not null default 'postgres',
  segment integer not null default 0,
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
  -- What its owner has claimed lies in (watermark, claimed_to].
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

-- Makes the partitions of a generation. Made apart and then attached: nobody who publishes waits.
create function millrace.make_event_key_partitions(of_generation integer) returns void
language plpgsql as $$
begin
  execute format('create table millrace.event_keys_%s (like millrace.event_keys including defaults)', of_generation);
  execute format('alter table millrace.event_keys attach partition millrace.event_keys_%s for values in (%s)', of_generation, of_generation);
  execute format('create table millrace.event_batches_%s (like millrace.event_batches including defaults)', of_generation);
  execute format('alter table millrace.event_batches attach partition millrace.event_batches_%s for values in (%s)', of_generation, of_generation);
end $$;

select millrace.make_event_key_partitions(1);
select millrace.make_event_key_partitions(2);
insert into millrace.event_key_generations (generation) values (1);

-- Publishes a tenant's events; answers, in the order of the input, their offsets and one letter each: a(ccepted), d(uplicate), r(eused), x (refused with the batch).
-- Every statement in here has a snapshot of its own, and that is why it is right: whoever had to wait for another publish of the same key finds that one's
-- event by the next statement. Locks are taken in one order, so nobody waits in a circle: keys in their order, then the tenant's head, last and held to the
-- commit. So offsets are given out in the order of commits, and whoever can read an offset can read all below it.
create function millrace.publish_events(
  of_tenant bigint, atomic boolean, table_ids integer[], versions integer[], ops text[], key_hashes uuid[], payload_hashes uuid[], keys text[], payloads text[],
  event_times timestamptz[], out offsets bigint[], out outcomes text
)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  batch constant bigint := nextval('millrace.event_batch_ids');
  newest integer;
  -- By place in the input: what becomes of it, where its original is, the first of the batch with its key, and, for what is new, which of the new ones it is.
  found_as text[];
  originals bigint[];
  firsts bigint[];
  ordinals bigint[];
  fresh bigint;
  inserted bigint;
  is_raced boolean := false;
  size bigint;
  base bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'events are published in transactions of isolation level read committed' using errcode = 'invalid_transaction_state';
  end if;
  -- Shared among publishes: no generation begins before this one is committed, so a key that was free in all generations is still free when it is taken.
  perform pg_advisory_xact_lock_shared(hashtext('millrace.event_keys'));
  select max(g.generation) into newest from millrace.event_key_generations g;
  loop
    select array_agg(c.outcome order by c.i), array_agg(c.original order by c.i), array_agg(c.first order by c.i),
      array_agg(case when c.outcome = 'a' then c.ordinal end order by c.i), max(c.ordinal)
    into found_as, originals, firsts, ordinals, fresh
    from (
      select r.i, r.first, k.ordinal + coalesce(b.base, 0) as original, count(*) filter (where k.payload_hash is null and r.i = r.first) over (order by r.i) as ordinal,
        case when k.payload_hash is null and r.i = r.first then 'a' when coalesce(k.payload_hash, r.first_payload_hash) = r.payload_hash then 'd' else 'r' end as outcome
      from (
        select u.i, u.table_id, u.key_hash, u.payload_hash, first_value(u.i) over same_key as first, first_value(u.payload_hash) over same_key as first_payload_hash
        from unnest(table_ids, key_hashes, payload_hashes) with ordinality u(table_id, key_hash, payload_hash, i)
        window same_key as (partition by u.table_id, u.key_hash order by u.i)
      ) r
      left join lateral (
        select e.payload_hash, e.generation, e.batch_id, e.ordinal from millrace.event_keys e
        where e.table_id = r.table_id and e.key_hash = r.key_hash and e.batch_id <> batch limit 1
      ) k on true
      left join millrace.event_batches b on b.batch_id = k.batch_id and b.generation = k.generation
    ) c;
    exit when is_raced;
    if atomic and 'r' = any(found_as) then
      select array_agg(u.original order by u.i), string_agg(case when u.outcome = 'r' or u.original is not null then u.outcome else 'x' end, '' order by u.i)
      into offsets, outcomes
      from (select unnest(found_as) as outcome, unnest(originals) as original, generate_subscripts(found_as, 1) as i) u;
      return;
    end if;
    exit when fresh = 0;
    inserted := 0;
    -- Nearly always every key is free, and then a plain insert does for two thirds of the work. One that is not takes all of it back: the insert below sorts it out.
    -- Few keys are not worth the subtransaction.
    if fresh >= 32 then
      begin
        insert into millrace.event_keys (generation, table_id, key_hash, payload_hash, batch_id, ordinal)
        select newest, u.table_id, u.key_hash, u.payload_hash, batch, u.ordinal
        from (
          select unnest(table_ids) as table_id, unnest(key_hashes) as key_hash, unnest(payload_hashes) as payload_hash, unnest(ordinals) as ordinal
        ) u
        where u.ordinal is not null order by u.table_id, u.key_hash;
        get diagnostics inserted = row_count;
      exception when unique_violation then
        null;
      end;
    end if;
    exit when inserted = fresh;
    insert into millrace.event_keys (generation, table_id, key_hash, payload_hash, batch_id, ordinal)
    select newest, u.table_id, u.key_hash, u.payload_hash, batch, u.ordinal
    from (
      select unnest(table_ids) as table_id, unnest(key_hashes) as key_hash, unnest(payload_hashes) as payload_hash, unnest(ordinals) as ordinal
    ) u
    where u.ordinal is not null order by u.table_id, u.key_hash
    on conflict do nothing;
    get diagnostics inserted = row_count;
    exit when inserted = fresh;
    -- Others had some of these keys under way, and have committed them by now: look again. All or nothing begins anew instead, since nothing may be left behind.
    if atomic then
      raise exception 'another publish took a key of this batch' using errcode = 'serialization_failure';
    end if;
    is_raced := true;
  end loop;

  if inserted > 0 then
    if inserted <> fresh then
      raise exception '% keys for % events', inserted, fresh using errcode = 'internal_error';
    end if;
    size := (select sum(octet_length(u.payload)) from (select unnest(payloads) as payload, unnest(ordinals) as ordinal) u where u.ordinal is not null);
    if is_raced then
      -- Ordinals without holes, where keys were lost to others.
      update millrace.event_keys k set ordinal = u.ordinal
      from (select unnest(table_ids) as table_id, unnest(key_hashes) as key_hash, unnest(ordinals) as ordinal) u
      where u.ordinal is not null and k.generation = newest and k.table_id = u.table_id and k.key_hash = u.key_hash and k.ordinal <> u.ordinal;
    end if;
    update millrace.event_logs l set head = l.head + fresh, bytes = l.bytes + size where l.tenant_no = of_tenant and l.bus = 'postgres' returning l.head - fresh into base;
    if base is null then
      if exists (select from millrace.event_logs l where l.tenant_no = of_tenant) then
        raise exception 'this log goes on in a stream' using errcode = 'MR001';
      end if;
      raise exception 'there is no log %', of_tenant using errcode = 'foreign_key_violation';
    end if;
    insert into millrace.event_batches (generation, batch_id, base) values (newest, batch, base);
    insert into millrace.events (tenant_no, event_offset, table_id, version, op, key, payload, event_time)
    select of_tenant, base + u.ordinal, u.table_id, u.version, u.op, u.key, u.payload, u.event_time
    from (
      select unnest(ordinals) as ordinal, unnest(table_ids) as table_id, unnest(versions) as version, unnest(ops) as op, unnest(keys) as key, unnest(payloads) as payload,
        unnest(event_times) as event_time
    ) u
    where u.ordinal is not null;
  end if;

  select array_agg(case u.outcome when 'a' then base + u.ordinal when 'd' then coalesce(u.original, base + ordinals[u.first]) end order by u.i),
    string_agg(u.outcome, '' order by u.i)
  into offsets, outcomes
  from (
    select unnest(found_as) as outcome, unnest(originals) as original, unnest(firsts) as first, unnest(ordinals) as ordinal, generate_subscripts(found_as, 1) as i
  ) u;
end $$;

-- Does the next step of keeping keys for `key_window`, if there is one to do, and names it: makes the next generation's partitions, begins it once the newest is
-- a third of the window old, or drops one of which every key is older than the window. Of callers at the same time one works. A generation begins while
-- no publish is under way; whoever comes meanwhile waits for a tenth of a second at most, and if that is not enough, it begins at a later call.
create function millrace.rotate_event_keys(key_window interval) returns text
language plpgsql set lock_timeout = '100ms' as $$
declare
  newest millrace.event_key_generations;
  oldest integer;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.rotate_event_keys')) then
    return null;
  end if;
  select g.* into newest from millrace.event_key_generations g order by g.generation desc limit 1;
  if to_regclass(format('millrace.event_keys_%s', newest.generation + 1)) is null then
    perform millrace.make_event_key_partitions(newest.generation + 1);
    return 'made';
  end if;
  if newest.opened_at <= now() - key_window / 3 then
    perform pg_advisory_xact_lock(hashtext('millrace.event_keys'));
    insert into millrace.event_key_generations (generation, opened_at) values (newest.generation + 1, clock_timestamp());
    return 'begun';
  end if;
  select g.generation into oldest
  from (select e.generation, lead(e.opened_at) over (order by e.generation) as closed_at from millrace.event_key_generations e) g
  where g.closed_at <= now() - key_window order by g.generation limit 1;
  if oldest is null then
    return null;
  end if;
  execute format('drop table millrace.event_keys_%s', oldest);
  execute format('drop table millrace.event_batches_%s', oldest);
  delete from millrace.event_key_generations g where g.generation = oldest;
  return 'dropped';
exception when lock_not_available then
  return null;
end $$;

-- Makes at most `at_most` of the log's partitions that are missing, from now to `ahead` partitions on; answers how many it made. What could not be made is
-- made by a later call, and until then the default partition takes the events. Of callers at the same time one works.
create function millrace.ensure_event_partitions(ahead integer, at_most integer) returns integer
language plpgsql set lock_timeout = '100ms' as $$
declare
  part record;
  is_taken boolean;
  made integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('millrace.ensure_event_partitions')) then
    return 0;
  end if;
  for part in
    select 'events_' || to_char(s.first_time at time zone 'utc', 'YYYYMMDD_HH24MI') as name, s.first_time, s.first_time + interval '10 minutes' as next_time
    from (select date_bin('10 minutes', now(), 'epoch') + n * interval '10 minutes' as first_time from generate_series(0, ahead) n) s
    order by s.first_time
  loop
    exit when made >= at_most;
    continue when to_regclass('millrace.' || part.name) is not null;
    -- Attaching reads the default partition under a lock that lets nobody write there: not in vain.
    select exists (select from millrace.events_other e where e.ingested_at >= part.first_time and e.ingested_at < part.next_time) into is_taken;
    continue when is_taken;
    begin
      -- Written once and dropped: vacuum has nothing to gain here.
      execute format('create table millrace.%I (like millrace.events including defaults) with (autovacuum_vacuum_insert_threshold = -1)', part.name);
      execute format('alter table millrace.events attach partition millrace.%I for values from (%L) to (%L)', part.name, part.first_time, part.next_time);
      made := made + 1;
    exception when check_violation or lock_not_available then
      -- The default partition holds events of that time already, and they stay there; or somebody holds it just now.
      null;
    end;
  end loop;
  return made;
end $$;

-- The log's partitions whose whole range has passed.
create function millrace.past_event_partitions() returns table (name text)
language sql stable as $$
  select c.relname::text
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'millrace.events'::regclass
    and substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \('([^']+)'\)$bound$)::timestamptz < now()
  order by c.relname
$$;

-- Whether any tenant has an event in this partition that is not consumed yet; one look into its index for each tenant that has any.
create function millrace.has_pending_events(partition_name text) returns boolean
language plpgsql set enable_seqscan = off as $$
declare
  is_pending boolean;
begin
  execute format(
    'select exists (
      select from millrace.event_logs l left join millrace.event_progress p on p.tenant_no = l.tenant_no
      where l.head > coalesce(p.watermark, 0)
        and exists (select from millrace.%I e where e.tenant_no = l.tenant_no and e.event_offset > coalesce(p.watermark, 0))
    )', partition_name
  ) into is_pending;
  return is_pending;
end $$;

-- Drops a past partition of which every event is consumed; false when it is not, or somebody works with the log just now, or has dropped it. A publish may be
-- under way that began in its time: looked at again under a lock that no publish gets through, it has either committed, and is seen, or finds the
-- default partition in its place.
create function millrace.drop_event_partition(partition_name text) returns boolean
language plpgsql set lock_timeout = '100ms' as $$
begin
  if not exists (select from millrace.past_event_partitions() e where e.name = partition_name) or millrace.has_pending_events(partition_name) then
    return false;
  end if;
  lock table only millrace.events in access exclusive mode;
  if millrace.has_pending_events(partition_name) then
    return false;
  end if;
  execute format('drop table millrace.%I', partition_name);
  return true;
exception when lock_not_available or undefined_table then
  return false;
end $$;

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

-- The event tables a key is bound to; null: all of them.
alter table millrace.api_keys add column tables text[];
