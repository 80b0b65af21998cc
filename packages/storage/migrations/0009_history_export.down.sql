-- millrace:lossy forgets which finished jobs are in the lake
drop function millrace.take_history_page(text, interval, integer, bigint);
drop function millrace.exported_bytes(integer, text);
create or replace function millrace.expired_partitions() returns table (parent text, name text)
language sql stable as $$
  select p.relname::text, c.relname::text
  from (values ('completed_jobs', interval '1 hour'), ('dead_jobs', '1 hour'), ('cancelled_jobs', '1 hour'), ('job_attempts', '30 days'), ('job_logs', '7 days')) k(parent, after)
  join pg_class p on p.relname = k.parent and p.relnamespace = 'millrace'::regnamespace
  join pg_inherits i on i.inhparent = p.oid
  join pg_class c on c.oid = i.inhrelid
  where substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \((?:'?\d+'?, )?'([^']+)'\)$bound$)::timestamptz < now() - k.after
$$;
drop function millrace.awaits_export(text);
drop function millrace.awaited_export();
drop table millrace.history_export;
alter table millrace.job_attempts drop column xact_id, drop column type, drop column queue;
alter table millrace.job_history drop column xact_id;
