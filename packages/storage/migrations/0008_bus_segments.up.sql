-- What of a tenant's log is where: in PostgreSQL, or in a stream of NATS JetStream, in which an event's offset is a base plus its sequence number.

-- A log is its segments one after the other; offsets rise across them. A log without rows here is in PostgreSQL from its beginning.
create table millrace.bus_segments (
  tenant_no bigint not null references millrace.event_logs,
  segment integer not null,
  from_offset bigint not null,
  -- Null while it is the newest.
  until_offset bigint,
  -- Null where it is in PostgreSQL.
  stream text,
  -- As the server writes it, down to the nanosecond: a stream that was made anew has the same name and another time.
  stream_created_at text,
  base bigint not null default 0,
  -- What was put into a stream and what is consumed of it. Offsets can't tell: other tenants' events lie between.
  events bigint not null default 0,
  bytes bigint not null default 0,
  consumed_events bigint not null default 0,
  consumed_bytes bigint not null default 0,
  primary key (tenant_no, segment)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Up to where a stream's messages may be gone.
create table millrace.bus_streams (
  stream text not null,
  stream_created_at text not null,
  purged bigint not null,
  primary key (stream, stream_created_at)
);

-- Whether an atomic batch in a stream counts: its publisher says yes when all of it is there, a reader that came first says no. Kept until the log is read past it.
create table millrace.bus_batches (
  tenant_no bigint not null,
  batch_id uuid not null,
  is_committed boolean not null,
  event_offset bigint not null,
  primary key (tenant_no, batch_id)
);

-- Up to where the log can be read in PostgreSQL: to its head, or to before the first stream that is not consumed.
create function millrace.tables_until(of_tenant bigint, head bigint, watermark bigint) returns bigint
language sql stable as $$
  select least(head, (
    select min(s.from_offset) - 1 from millrace.bus_segments s
    where s.tenant_no = of_tenant and s.stream is not null and (s.until_offset is null or s.until_offset > watermark)
  ))
$$;

-- The keys that are known of these, by their place in the input. Reads only.
create function millrace.find_event_keys(table_ids integer[], key_hashes uuid[])
returns table (place bigint, payload_hash uuid, event_offset bigint)
language sql stable set enable_seqscan = off set jit = off as $$
  select r.i, k.payload_hash, k.event_offset
  from unnest(table_ids, key_hashes) with ordinality r(table_id, key_hash, i)
  cross join lateral (
    select e.payload_hash, e.ordinal + coalesce((select b.base from millrace.event_batches b where b.batch_id = e.batch_id and b.generation = e.generation), 0) as event_offset
    from millrace.event_keys e where e.table_id = r.table_id and e.key_hash = r.key_hash limit 1
  ) k
$$;

-- Writes down where events of a stream are, by the keys that have no place yet; whoever comes first with a key has it. Answers nothing: what holds is looked
-- up in a statement of its own afterwards, which sees also what others have committed while this one waited for them.
-- Keys are taken in one order, as by every publish, and the lock keeps a generation from beginning meanwhile: a key that no generation has stays free until taken.
-- The counts of the segment change with the keys, so that they are right whoever writes a key down, its publisher or a reader.
create function millrace.record_stream_keys(of_tenant bigint, of_segment integer, table_ids integer[], key_hashes uuid[], payload_hashes uuid[], sizes integer[], offsets bigint[])
returns table (recorded bigint, first_offset bigint, last_offset bigint, size bigint)
language plpgsql set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock_shared(hashtext('millrace.event_keys'));
  return query
  with r as (
    select distinct on (u.table_id, u.key_hash) u.* from unnest(table_ids, key_hashes, payload_hashes, sizes, offsets) u(table_id, key_hash, payload_hash, bytes, event_offset)
    order by u.table_id, u.key_hash, u.event_offset
  ),
  inserted as (
    -- No batch has the number 0, so the ordinal is the offset itself.
    insert into millrace.event_keys (generation, table_id, key_hash, payload_hash, batch_id, ordinal)
    select (select max(g.generation) from millrace.event_key_generations g), r.table_id, r.key_hash, r.payload_hash, 0, r.event_offset
    from r
    where not exists (select from millrace.event_keys e where e.table_id = r.table_id and e.key_hash = r.key_hash)
    order by r.table_id, r.key_hash
    on conflict do nothing
    returning table_id, key_hash
  )
  select count(*), min(r.event_offset), max(r.event_offset), coalesce(sum(r.bytes), 0)::bigint from inserted i join r using (table_id, key_hash);
end $$;

-- The publisher's side: records what the stream has acknowledged and brings the head forward. All of it or, with an error, nothing:
-- MR001 the segment is over, or the batch was given up by a reader, or the message may be gone already: publish again, into the newest segment;
-- MR002 all or nothing was asked for, and somebody else has one of the keys for another record.
-- The head's row is taken after the keys and held to the commit, as by every publish; whoever closes the segment holds it too, so either this is
-- committed before, and the segment ends at or behind it, or the segment is found to be over.
create function millrace.record_stream_events(
  of_tenant bigint, of_segment integer, batch uuid, table_ids integer[], key_hashes uuid[], payload_hashes uuid[], sizes integer[], offsets bigint[]
) returns table (place bigint, payload_hash uuid, event_offset bigint)
language plpgsql set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  added record;
  last_own bigint;
  goes_into millrace.bus_segments;
begin
  select s.* into goes_into from millrace.bus_segments s where s.tenant_no = of_tenant and s.segment = of_segment;
  perform pg_advisory_xact_lock_shared(hashtext('millrace.bus_streams ' || goes_into.stream));
  select * into added from millrace.record_stream_keys(of_tenant, of_segment, table_ids, key_hashes, payload_hashes, sizes, offsets);
  if batch is not null then
    if exists (
      select from millrace.find_event_keys(table_ids, key_hashes) f where f.payload_hash <> payload_hashes[f.place]
    ) then
      raise exception 'a key of this batch was taken' using errcode = 'MR002';
    end if;
    insert into millrace.bus_batches (tenant_no, batch_id, is_committed, event_offset)
    values (of_tenant, batch, true, (select max(o) from unnest(offsets) o)) on conflict do nothing;
    if not found then
      raise exception 'a reader gave this batch up' using errcode = 'MR001';
    end if;
  end if;
  -- Everything at or below the watermark has been read, and its keys were recorded then: a new key down there means numbers that the stream has given out twice.
  -- And a message whose publisher took long, or that was found again by its id, may have been purged meanwhile; the lock keeps it until this is committed.
  if added.first_offset <= greatest(
    (select p.watermark from millrace.event_progress p where p.tenant_no = of_tenant),
    (select b.purged + goes_into.base from millrace.bus_streams b where b.stream = goes_into.stream and b.stream_created_at = goes_into.stream_created_at)
  ) then
    raise exception 'the message may be gone' using errcode = 'MR001';
  end if;
  -- Where all were new, as nearly always, all is known without another look.
  if added.recorded = cardinality(offsets) then
    last_own := added.last_offset;
  else
    select max(o.own) into last_own
    from unnest(offsets) with ordinality o(own, i) join millrace.find_event_keys(table_ids, key_hashes) f on f.place = o.i and f.event_offset = o.own;
  end if;
  if last_own is not null then
    update millrace.event_logs l set head = greatest(l.head, last_own), bytes = l.bytes + added.size
    where l.tenant_no = of_tenant and l.segment = of_segment;
    if not found then
      raise exception 'the segment is over' using errcode = 'MR001';
    end if;
    update millrace.bus_segments s set events = s.events + added.recorded, bytes = s.bytes + added.size
    where s.tenant_no = of_tenant and s.segment = of_segment and added.recorded > 0;
  end if;
  if added.recorded = cardinality(offsets) then
    return query select u.i, u.payload_hash, u.event_offset from unnest(payload_hashes, offsets) with ordinality u(payload_hash, event_offset, i);
  else
    return query select f.* from millrace.find_event_keys(table_ids, key_hashes) f;
  end if;
end $$;

-- The reader's side: events below the head that nobody has recorded, since their publisher died or is not yet there, are recorded at the place where they were read.
-- Of an atomic batch nothing is recorded here: it is given up, unless its publisher was faster.
create function millrace.settle_stream_events(
  of_tenant bigint, of_segment integer, batches uuid[], table_ids integer[], key_hashes uuid[], payload_hashes uuid[], sizes integer[], offsets bigint[]
) returns table (place bigint, payload_hash uuid, event_offset bigint)
language plpgsql set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  counted bigint[];
  added record;
begin
  insert into millrace.bus_batches (tenant_no, batch_id, is_committed, event_offset)
  select of_tenant, u.batch, false, max(u.event_offset) from unnest(batches, offsets) u(batch, event_offset) where u.batch is not null
  group by u.batch order by u.batch
  on conflict do nothing;
  select array_agg(u.i) into counted
  from unnest(batches) with ordinality u(batch, i)
  where u.batch is null or exists (select from millrace.bus_batches b where b.tenant_no = of_tenant and b.batch_id = u.batch and b.is_committed);
  if counted is not null then
    select * into added
    from millrace.record_stream_keys(
      of_tenant, of_segment,
      (select array_agg(table_ids[i] order by i) from unnest(counted) i), (select array_agg(key_hashes[i] order by i) from unnest(counted) i),
      (select array_agg(payload_hashes[i] order by i) from unnest(counted) i), (select array_agg(sizes[i] order by i) from unnest(counted) i),
      (select array_agg(offsets[i] order by i) from unnest(counted) i)
    );
    if added.recorded > 0 then
      update millrace.event_logs l set bytes = l.bytes + added.size where l.tenant_no = of_tenant;
      update millrace.bus_segments s set events = s.events + added.recorded, bytes = s.bytes + added.size
      where s.tenant_no = of_tenant and s.segment = of_segment;
    end if;
  end if;
  return query select f.* from millrace.find_event_keys(table_ids, key_hashes) f;
end $$;

-- Answers the segment to publish into, and opens a new one where the newest is another: in PostgreSQL (no stream named), in a stream, in one that was made anew, or in one
-- that has lost its end: `last_sequence` was read after the caller had seen the log's head at `seen_head`. A new segment begins above everything that was
-- recorded. The head's row is locked first, so of callers at the same time one opens it, and no publish is between its check and its commit.
create function millrace.open_bus_segment(of_tenant bigint, of_stream text, created text, last_sequence bigint, seen_head bigint)
returns millrace.bus_segments
language plpgsql as $$
declare
  log millrace.event_logs;
  newest millrace.bus_segments;
begin
  select l.* into log from millrace.event_logs l where l.tenant_no = of_tenant for update;
  if log.tenant_no is null then
    raise exception 'there is no log %', of_tenant using errcode = 'foreign_key_violation';
  end if;
  select s.* into newest from millrace.bus_segments s where s.tenant_no = of_tenant and s.segment = log.segment;
  if of_stream is null then
    if log.bus = 'postgres' then
      return newest;
    end if;
  elsif log.bus = 'nats' and newest.stream = of_stream and newest.stream_created_at = created and newest.base + last_sequence >= seen_head then
    return newest;
  end if;
  update millrace.bus_segments s set until_offset = log.head where s.tenant_no = of_tenant and s.segment = log.segment;
  if not found and log.head > 0 then
    insert into millrace.bus_segments (tenant_no, segment, from_offset, until_offset) values (of_tenant, log.segment, 1, log.head);
  end if;
  insert into millrace.bus_segments (tenant_no, segment, from_offset, stream, stream_created_at, base)
  values (of_tenant, log.segment + 1, log.head + 1, of_stream, created, case when of_stream is null then 0 else log.head - last_sequence end)
  returning * into newest;
  update millrace.event_logs l set segment = newest.segment, bus = case when of_stream is null then 'postgres' else 'nats' end where l.tenant_no = of_tenant;
  return newest;
end $$;

-- Says up to where a stream can be purged, and writes it down first: to before the first message that some tenant has yet to read, or to the last one recorded.
-- Publishers are shut out for the moment of it, since a message that is not recorded yet counts for nothing here; one that is purged by this is refused when
-- its publisher comes to record it, and published again. Null when publishers hold the lock for too long: later, then.
create function millrace.purge_bus_stream(of_stream text, created text) returns bigint
language plpgsql set lock_timeout = '100ms' as $$
declare
  free_until bigint;
begin
  perform pg_advisory_xact_lock(hashtext('millrace.bus_streams ' || of_stream));
  select coalesce(
    min(greatest(coalesce(p.watermark, 0), s.from_offset - 1) - s.base) filter (where least(l.head, s.until_offset) > greatest(coalesce(p.watermark, 0), s.from_offset - 1)),
    max(least(l.head, s.until_offset) - s.base)
  ) into free_until
  from millrace.bus_segments s
  join millrace.event_logs l on l.tenant_no = s.tenant_no
  left join millrace.event_progress p on p.tenant_no = s.tenant_no
  where s.stream = of_stream and s.stream_created_at = created;
  if free_until is null or free_until <= 0 then
    return null;
  end if;
  insert into millrace.bus_streams as b (stream, stream_created_at, purged) values (of_stream, created, free_until)
  on conflict (stream, stream_created_at) do update set purged = greatest(b.purged, excluded.purged)
  returning purged into free_until;
  return free_until;
exception when lock_not_available then
  return null;
end $$;
