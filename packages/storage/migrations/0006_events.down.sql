-- millrace:lossy drops event tables and every event that is not in the lake yet
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
