-- millrace:lossy drops every job
drop view millrace.all_jobs;
drop function millrace.retry_delay(jsonb, integer);
drop function millrace.ensure_history_partitions(integer);
drop table millrace.finished_counts;
drop table millrace.job_history;
drop table millrace.queues;
drop table millrace.job_keys;
drop table millrace.claims;
drop table millrace.scheduled;
drop table millrace.ready;
drop table millrace.jobs;
drop type millrace.job_status;
