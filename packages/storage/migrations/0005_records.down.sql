-- millrace:lossy drops payload schemas and the audit log
drop table millrace.workers;
drop table millrace.audit_log;
drop table millrace.payload_schemas;
