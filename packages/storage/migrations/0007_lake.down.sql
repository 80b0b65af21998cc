-- millrace:lossy drops the catalogue of the lake: which files a snapshot is made of
drop table millrace.lake_checks;
drop table millrace.lake_state;
drop table millrace.lake_pins;
drop table millrace.lake_intents;
drop table millrace.lake_files;
drop table millrace.lake_snapshots;
