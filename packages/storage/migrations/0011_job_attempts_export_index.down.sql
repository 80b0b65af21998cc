drop index millrace.job_attempts_xact;
