-- millrace:lossy drops event tables and every event that is not in the lake yet
alter table millrace.api_keys drop column tables;
drop function millrace.drop_event_partition(text);
drop function millrace.has_pending_events(text);
drop function millrace.past_event_partitions();
drop function millrace.ensure_event_partitions(integer, integer);
drop function millrace.rotate_event_keys(interval);
drop function millrace.publish_events(bigint, boolean, integer[], integer[], text[], uuid[], uuid[], text[], text[], timestamptz[]);
drop function millrace.make_event_key_partitions(integer);
drop table millrace.dead_letters;
drop sequence millrace.event_batch_ids;
drop table millrace.event_batches;
drop table millrace.event_keys;
drop table millrace.event_key_generations;
drop table millrace.events;
drop table millrace.event_table_versions;
drop table millrace.event_tables;
drop table millrace.event_progress;
drop table millrace.event_logs;
