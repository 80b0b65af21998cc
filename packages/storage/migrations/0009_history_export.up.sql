-- Finished jobs and ended attempts go into the lake: which are there already, told by the transactions that wrote them.

-- The transaction that wrote a row. Times can't tell which rows are new: they are those of a transaction's beginning, and its rows are seen when it commits,
-- whenever that is. Rows of before stay null and are never exported, so nothing is rewritten here. The indexes come in
-- migrations of their own, so that these locks are held for a moment only.
alter table millrace.job_history add column xact_id xid8;
alter table millrace.job_history alter column xact_id set default pg_current_xact_id();
alter table millrace.completed_jobs alter column xact_id set default pg_current_xact_id();
alter table millrace.dead_jobs alter column xact_id set default pg_current_xact_id();
alter table millrace.cancelled_jobs alter column xact_id set default pg_current_xact_id();

-- What the lake says of an attempt without its job, which may have many more.
alter table millrace.job_attempts add column queue text, add column type text, add column xact_id xid8;
alter table millrace.job_attempts alter column xact_id set default pg_current_xact_id();

-- One row. What `exported_to` sees is in the lake. A page is what `page_to` sees and `exported_to` doesn't; while there is one, it is being written.
create table millrace.history_export (
  only_row boolean primary key default true check (only_row),
  -- Null until somebody exports.
  exported_to pg_snapshot,
  exported_at timestamptz,
  page_no bigint not null default 0,
  page_id uuid,
  page_to pg_snapshot,
  owner text,
  lease_expires_at timestamptz
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

insert into millrace.history_export default values;

-- What is in the lake, where that is to be waited for. A lake that has taken nothing for a week is switched off or broken for good: history must not grow for ever.
create function millrace.awaited_export() returns pg_snapshot
language sql stable as $$
  select e.exported_to from millrace.history_export e where e.exported_at > now() - interval '7 days'
$$;

-- Whether a partition has rows that the lake waits for; two looks into its index.
create function millrace.awaits_export(partition_name text) returns boolean
language plpgsql stable set enable_seqscan = off as $$
declare
  exported constant pg_snapshot := millrace.awaited_export();
  is_awaited boolean;
begin
  if exported is null then
    return false;
  end if;
  execute format(
    'select exists (select from millrace.%1$I r where r.xact_id >= $1) or exists (select from millrace.%1$I r where r.xact_id = any($2))', partition_name
  ) into is_awaited using pg_snapshot_xmax(exported), array(select pg_snapshot_xip(exported));
  return is_awaited;
exception when undefined_table then
  -- Somebody has dropped it.
  return false;
end $$;

create or replace function millrace.expired_partitions() returns table (parent text, name text)
language sql stable as $$
  select p.relname::text, c.relname::text
  from (values ('completed_jobs', interval '1 hour'), ('dead_jobs', '1 hour'), ('cancelled_jobs', '1 hour'), ('job_attempts', '30 days'), ('job_logs', '7 days')) k(parent, after)
  join pg_class p on p.relname = k.parent and p.relnamespace = 'millrace'::regnamespace
  join pg_inherits i on i.inhparent = p.oid
  join pg_class c on c.oid = i.inhrelid
  where substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \((?:'?\d+'?, )?'([^']+)'\)$bound$)::timestamptz < now() - k.after
    and (k.parent = 'job_logs' or not millrace.awaits_export(c.relname::text))
$$;

-- How much of a value goes into the lake, about and at most 64 KiB: larger ones are left out. How long a compressed one is would only be seen by reading it.
create function millrace.exported_bytes(stored_bytes integer, compression text) returns integer
language sql immutable as $$
  select case when stored_bytes is null then 0 when compression is null then least(stored_bytes, 65536) else 65536 end
$$;

-- Takes or renews the lease on the export and answers the page to write: the one under way, or else the next, of about so many rows and bytes at most. None where
-- somebody else has the lease, or nothing new is there. A page is made of whole transactions, and every transaction is in exactly one: it is over when a
-- snapshot sees it, and a snapshot that was taken under this row's lock sees at least what the one before it saw.
-- The lease only saves work. That a page is published once is what its id is checked for, in each publication.
create function millrace.take_history_page(of_owner text, lease interval, rows_max integer, bytes_max bigint)
returns table (page_id uuid, page_no bigint, from_snapshot text, to_snapshot text, more boolean)
language plpgsql set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  state millrace.history_export;
  seen pg_snapshot;
  late xid8[];
  last_xact xid8;
  has_rows boolean;
  is_resumed boolean;
begin
  select e.* into state from millrace.history_export e for update;
  if state.owner <> of_owner and state.lease_expires_at > clock_timestamp() then
    return;
  end if;
  update millrace.history_export set owner = of_owner, lease_expires_at = clock_timestamp() + lease;
  is_resumed := state.page_id is not null;
  if not is_resumed then
    seen := pg_current_snapshot();
    if state.exported_to is null then
      state.exported_to := '3:3:';
    elsif pg_snapshot_xmax(state.exported_to) > pg_snapshot_xmax(seen) then
      -- The database was loaded from a dump into a server that counts from the beginning: the rows are of no transaction of this one. So many of them at each call.
      update millrace.job_history h set xact_id = null
      where h.xact_id >= pg_snapshot_xmax(seen) and h.xact_id <= (
        select max(o.xact_id) from (select r.xact_id from millrace.job_history r where r.xact_id >= pg_snapshot_xmax(seen) order by r.xact_id limit rows_max) o
      );
      has_rows := found;
      update millrace.job_attempts a set xact_id = null
      where a.xact_id >= pg_snapshot_xmax(seen) and a.xact_id <= (
        select max(o.xact_id) from (select r.xact_id from millrace.job_attempts r where r.xact_id >= pg_snapshot_xmax(seen) order by r.xact_id limit rows_max) o
      );
      if not (has_rows or found) then
        update millrace.history_export set exported_to = seen, exported_at = now();
      end if;
      return;
    end if;
    late := array(select pg_snapshot_xip(state.exported_to));
    select count(*) > 0, min(r.xact_id) filter (where r.rows >= rows_max or r.bytes >= bytes_max)
    into has_rows, last_xact
    from (
      select u.xact_id, count(*) over (order by u.xact_id) as rows, sum(u.bytes) over (order by u.xact_id) as bytes
      from (
        (select h.xact_id, 300 + millrace.exported_bytes(pg_column_size(h.payload), pg_column_compression(h.payload))
            + millrace.exported_bytes(pg_column_size(h.result), pg_column_compression(h.result))
            + millrace.exported_bytes(pg_column_size(h.errors), pg_column_compression(h.errors)) as bytes from millrace.job_history h
          where h.xact_id >= pg_snapshot_xmax(state.exported_to) and h.xact_id < pg_snapshot_xmax(seen) order by h.xact_id limit rows_max)
        union all
        (select a.xact_id, 200 + millrace.exported_bytes(pg_column_size(a.stack), pg_column_compression(a.stack)) from millrace.job_attempts a
          where a.xact_id >= pg_snapshot_xmax(state.exported_to) and a.xact_id < pg_snapshot_xmax(seen) order by a.xact_id limit rows_max)
      ) u
    ) r;
    if late <> '{}' then
      has_rows := has_rows or exists (select from millrace.job_history h where h.xact_id = any(late)) or exists (select from millrace.job_attempts a where a.xact_id = any(late));
    end if;
    if last_xact is not null then
      -- What is seen of it, up to and with that transaction.
      last_xact := (last_xact::text::numeric + 1)::text::xid8;
      seen := (
        select format('%s:%s:%s', coalesce(min(x.xip), last_xact), last_xact, string_agg(x.xip::text, ',' order by x.xip))
        from pg_snapshot_xip(seen) x(xip) where x.xip < last_xact
      )::pg_snapshot;
    end if;
    if not has_rows then
      update millrace.history_export set exported_to = seen, exported_at = now();
      return;
    end if;
    update millrace.history_export set exported_to = state.exported_to, exported_at = coalesce(state.exported_at, now()), page_no = state.page_no + 1,
      page_id = gen_random_uuid(), page_to = seen
    returning page_no, page_id, page_to into state.page_no, state.page_id, state.page_to;
  end if;
  -- Of a page that somebody else has begun nobody knows whether it is the last.
  return query select state.page_id, state.page_no, state.exported_to::text, state.page_to::text, is_resumed or last_xact is not null;
end $$;
