-- millrace:statement-timeout 2h
-- How the export finds the attempts of a transaction. Their partitions are made by the day and a partitioned table has no concurrent build, so this one
-- holds a lock that stops writers of this table, but no readers: no attempt that failed can be recorded while it reads what is there, once.
-- It takes no stronger lock, and no other table's.
create index job_attempts_xact on millrace.job_attempts (xact_id) where xact_id is not null;
