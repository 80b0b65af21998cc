drop index millrace.job_history_xact;
