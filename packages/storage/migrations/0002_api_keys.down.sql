-- millrace:lossy drops every API key
drop table millrace.api_keys;
