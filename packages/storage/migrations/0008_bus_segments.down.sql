-- millrace:lossy forgets which events are in streams
drop function millrace.purge_bus_stream(text, text);
drop function millrace.open_bus_segment(bigint, text, text, bigint, bigint);
drop function millrace.settle_stream_events(bigint, integer, uuid[], integer[], uuid[], uuid[], integer[], bigint[]);
drop function millrace.record_stream_events(bigint, integer, uuid, integer[], uuid[], uuid[], integer[], bigint[]);
drop function millrace.record_stream_keys(bigint, integer, integer[], uuid[], uuid[], integer[], bigint[]);
drop function millrace.find_event_keys(integer[], uuid[]);
drop function millrace.tables_until(bigint, bigint, bigint);
drop table millrace.bus_batches;
drop table millrace.bus_streams;
drop table millrace.bus_segments;
