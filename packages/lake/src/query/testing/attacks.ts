/** A statement that must not succeed. `{other}`, `{own}`, `{secret}` and `{dir}` stand for paths: of a file of another tenant, and so on. */
export interface Attack {
  readonly sql: string;
  /** Without the gate it would tell or do something: the statement is named here so that nobody relies on the sandbox for it. */
  readonly gateOnly?: true;
}

/** Statements that reach for files, settings, other tables or the process; each is refused before it runs. */
export const attacks: readonly Attack[] = [
  // Known escapes.
  gateOnly("select * from enable_logging('QueryLog', storage := 'file', storage_path := '{dir}/log')"),
  gateOnly("select * from enable_logging('QueryLog', storage := 'file', storage_config := {'path': '{dir}/log.csv'})"),
  gateOnly("from enable_logging('FileSystem', storage := 'stdout')"),
  ...stopped(`
    copy (select 1) to '{own}' (use_tmp_file false)
    copy t to '{own}' (format parquet, use_tmp_file false)
    copy (select 1) to '{dir}/out.csv'
    copy (copy (select 1) to '{own}') to '{own}'
    select * from (copy (select 1) to '{own}')
    with c as (copy (select 1) to '{own}') select 1
    select * from '{other}'
    select * from "{other}"
    from '{other}'
    table '{other}'
    select * from '{own}'
    attach '{dir}/new.db' as n
    attach ':memory:' as n
    attach '{other}' as n (type parquet)
    select 1; select * from read_text('{secret}')
    select 1; copy (select 1) to '{own}'
    select 1;; select 2
    select 1) limit 0; copy (select 1) to '{own}' (use_tmp_file false); select * from (select 1
    select 1) limit 1; attach ':memory:' as n; select * from (select 1
    select 1) as r(c0) limit 1) to '{own}' (format csv) --
    select 1) t, (select * from read_text('{secret}')
    select 1) union all (select content from read_text('{secret}')
    select 1) -- {secret}
    select 1 /* unfinished
    select 1 as "unfinished
    select 'unfinished
    select $$unfinished
  `),
  ...gateOnlyAll(`
    select current_setting('allowed_paths')
    select current_setting('temp_directory'), current_setting('memory_limit')
    select * from duckdb_settings()
    from duckdb_settings
    select value from duckdb_settings() where name = 'allowed_paths'
    select sql from duckdb_views() where not internal
    select * from duckdb_views
    select * from sqlite_master
    select * from sqlite_schema
    select * from pg_catalog.pg_views
    select * from pg_views
    select * from information_schema.tables
    select * from information_schema.schemata
    select getvariable('a')
    select current_query()
    select * from duckdb_databases()
    select * from duckdb_tables()
    select * from duckdb_columns()
    select * from duckdb_schemas()
    select * from duckdb_functions()
    select * from duckdb_extensions()
    select * from duckdb_memory()
    select * from duckdb_temporary_files()
    select * from duckdb_secrets()
    select * from duckdb_sequences()
    select * from duckdb_prepared_statements()
    select * from duckdb_external_file_cache()
    select * from duckdb_logs
    select * from duckdb_logs()
    select * from duckdb_variables()
    select * from pragma_database_size()
    select * from pragma_storage_info('t')
    select * from pragma_table_info('t')
    select * from pragma_version()
    select * from pragma_platform()
    select * from pragma_user_agent()
    select * from pragma_show('t')
    select version()
    select current_database()
    select current_schemas(true)
    select pg_get_viewdef(0)
    select txid_current()
    select nextval('more_rows')
    select sleep_ms(10)
    select pg_sleep(0)
    select write_log('x')
    select in_search_path('memory', 'main')
    select stats(1), vector_type(1)
    select * from test_all_types()
    select json_serialize_plan('select 1')
    select json_serialize_sql('select 1')
    select * from query('select 1')
    select * from query_table('t')
    select * from query_table(['t', 't'])
    from json_execute_serialized_sql(json_serialize_sql('select 1'))
    select * from (show tables)
    show tables
    show all tables
    show databases
    select * from disable_logging()
    from disable_profiling()
    select * from checkpoint()
    select * from sql_auto_complete('sel')
    select * from histogram('t', 'id')
    select * from histogram_values(t, id)
    select * from summary((select 1))
    select memory.main.abs(1)
    select system.main.abs(1)
    select * from memory.main.t
    select * from sys_of.jobs
    select sum(1) export_state
    select finalize(sum(1) export_state)
    select combine(1, 2)
    select setseed(0.5)
    select * from t at (version => 1)
    select alias(1)
  `),
  ...stopped(`
    select * from read_text('{secret}')
    select * from read_text('{dir}/*')
    select * from read_blob('{secret}')
    select * from read_csv('{secret}')
    select * from read_csv_auto('{secret}')
    select * from read_json('{secret}')
    select * from read_json_auto('{secret}')
    select * from read_json_objects('{secret}')
    select * from read_ndjson('{secret}')
    select * from read_ndjson_objects('{secret}')
    select * from read_parquet('{other}')
    select * from read_parquet('{dir}/*.parquet')
    select * from read_parquet(['{own}', '{other}'])
    select * from parquet_scan('{other}')
    select * from parquet_metadata('{other}')
    select * from parquet_schema('{other}')
    select * from parquet_file_metadata('{other}')
    select * from parquet_full_metadata('{other}')
    select * from parquet_kv_metadata('{other}')
    select * from parquet_bloom_probe('{other}', 'id', 1)
    select * from sniff_csv('{secret}')
    select * from glob('{dir}/*')
    select * from read_duckdb('{dir}/x.db')
    select * from read_text('/etc/passwd')
    select * from read_text('/proc/self/environ')
    select * from read_text('/proc/self/maps')
    select * from read_blob('/proc/self/fd/3')
    select * from read_text('/dev/stdin')
    select * from read_csv('http://127.0.0.1:1/')
    select * from read_parquet('s3://bucket/key.parquet')
    select * from 'https://127.0.0.1:1/a.parquet'
    select * from 's3://bucket/a.parquet'
    select * from 'hf://datasets/a/b.parquet'
    select * from read_text('file://{secret}')
    select * from read_text('{dir}/../{secret}')
    select * from read_text('{dir}/./secret.txt')
    select * from read_text('{dir}//secret.txt')
    select * from "{dir}/./other.parquet"
    select * from '{own}/../other.parquet'
    select * from READ_TEXT('{secret}')
    select * from "read_text"('{secret}')
    select * from main.read_text('{secret}')
    select * from system.main.read_text('{secret}')
    select * from read_text/**/('{secret}')
    select * from read_text(concat('{dir}', '/secret.txt'))
    select * from read_text(chr(47) || 'etc/passwd')
    select * from read_text((select '{secret}'))
    select * from read_text($1)
    select * from t, lateral read_text('{secret}')
    select * from t, lateral (select * from read_text('{secret}'))
    select (select content from read_text('{secret}'))
    select exists (from '{secret}')
    select * from t where s in (select content from read_text('{secret}'))
    select * from t order by (select content from read_text('{secret}'))
    select count(*) from t group by (select content from read_text('{secret}'))
    select count(*) from t having (select content from read_text('{secret}')) is null
    select 1 from t qualify row_number() over (order by (select content from read_text('{secret}'))) = 1
    select 1 limit (select length(content) from read_text('{secret}'))
    select 1 offset (select length(content) from read_text('{secret}'))
    select case when true then (select content from read_text('{secret}')) end
    select list_transform([1], lambda x: (select content from read_text('{secret}')))
    select [(select content from read_text('{secret}')) for x in [1]]
    select {'a': (select content from read_text('{secret}'))}
    select sum(1) filter (where (select content from read_text('{secret}')) is null)
    select string_agg(s, ',' order by (select content from read_text('{secret}'))) from t
    select sum(id) over (partition by (select content from read_text('{secret}'))) from t
    select sum(id) over (rows (select length(content) from read_text('{secret}')) preceding) from t
    select columns((select content from read_text('{secret}'))) from t
    select * replace ((select content from read_text('{secret}')) as s) from t
    select * from (values ((select content from read_text('{secret}'))))
    values ((select content from read_text('{secret}')))
    select 1 union all select content from read_text('{secret}')
    select content from read_text('{secret}') except select 'x'
    select * from t join read_text('{secret}') on true
    select * from t semi join '{other}' using (id)
    select * from t asof join '{other}' o on t.id >= o.id
    select * from t positional join '{other}'
    select * from t tablesample 10% union select * from '{other}'
    select * from unnest((select list(content) from read_text('{secret}')))
    select * from range((select length(content) from read_text('{secret}')))
    describe '{other}'
    describe select * from '{other}'
    describe read_text('{secret}')
    summarize '{other}'
    summarize select * from '{other}'
    select * from (describe '{other}')
    select * from (summarize '{other}')
    pivot '{other}' on id in (1) using count(*)
    pivot read_text('{secret}') on size in (1) using count(*)
    pivot t on s using count(*)
    unpivot '{other}' on id into name n value v
    select * from (pivot '{other}' on id in (1) using count(*))
    with c as (select * from '{other}') select * from c
    with c as materialized (from '{other}') from c
    with recursive c(n) as (select 1 union all select n from c, '{other}') select * from c
    with "{other}" as (select * from "{other}") select * from "{other}"
    with recursive "{other}" as (select * from "{other}" union all select * from "{other}") select * from "{other}"
    with recursive "{other}" as (select * from "{other}") select * from "{other}"
    select * from (with "{other}" as (select 1) select * from "{other}"), "{other}"
    with a as (select * from "{other}"), "{other}" as (select 1) select * from a
    with "{other}" as (select 1) select * from main."{other}"
    with "{other}" as (select 1) select * from memory.main."{other}"
    select (with "{other}" as (select 1) select 1) from "{other}"
    (with "{other}" as (select 1) select 1 as id) union all select id from "{other}"
    with "x" as (select 1) select * from "X" x, "{other}"
    set allowed_directories = ['/']
    set enable_external_access = true
    set lock_configuration = false
    reset lock_configuration
    set variable a = (select content from read_text('{secret}'))
    set schema = 'x'
    pragma enable_profiling
    pragma database_list
    pragma table_info('t')
    pragma import_database('{dir}')
    call pragma_version()
    call enable_logging()
    install httpfs
    load httpfs
    force install spatial from 'http://127.0.0.1:1'
    update extensions
    export database '{dir}/export'
    import database '{dir}/export'
    create table x as select 1
    create temp table x as select 1
    create view t as select 1
    create or replace temp view t as select 1
    create macro m() as 1
    create function m() as table (from '{other}')
    create type x as enum ('a')
    create sequence q
    create schema z
    create secret (type s3)
    create persistent secret (type s3)
    create index i on t (id)
    drop view t
    alter table t add column x int
    insert into t select 1
    update t set id = 1
    delete from t
    truncate t
    merge into t using (select 1) u on true when matched then delete
    with c as (insert into t values (1) returning *) select * from c
    with c as (delete from t returning *) select * from c
    explain select 1
    explain analyze select 1
    explain copy (select 1) to '{own}'
    prepare p as select 1
    execute p
    deallocate p
    begin
    commit
    checkpoint
    force checkpoint
    vacuum
    analyze
    detach memory
    use memory
    comment on view t is 'x'
    select * from bees_t
    select * from bees.t
    select * from main.bees_t
    select * from T2
    select getenv('PATH')
    select 'PATH'.getenv()
    select t.read_text() from t
    select 'PATH'::"{other}"
    select * from system.t
    select * from system.jobs_of_bees
    select * from no_such_function(1)
    select load_extension('x')
    select * from ' {other}'
    select * from "\u202e{other}"
    select\u00a0*\u00a0from\u00a0read_text('{secret}')
    select * from ｒead_text('{secret}')
    select * from "read_text" ('{secret}')
    select * from U&"read\\005ftext"('{secret}')
    select * from e'{other}'
    select 1 -- comment\rfrom '{other}'
  `),
];

/** One statement a line. */
function stopped(lines: string): readonly Attack[] {
  return lines
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((sql) => ({ sql }));
}

function gateOnlyAll(lines: string): readonly Attack[] {
  return stopped(lines).map(({ sql }) => gateOnly(sql));
}

function gateOnly(sql: string): Attack {
  return { sql, gateOnly: true };
}
