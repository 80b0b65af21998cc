-- millrace:lossy drops every schedule
drop table millrace.schedules;
