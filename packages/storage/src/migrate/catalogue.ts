/**
 * One line for each thing in schema `millrace`, in a stable order, under a first line that says when two listings can be
 * compared at all. Partitions come and go at run time and grants are the operator's, so both are left out.
 */
export const catalogueQuery = `select concat_ws(E'\\n',
  'format 1 of PostgreSQL ' || current_setting('server_version_num')::integer / 10000,
  string_agg(replace(line, E'\\n', '\\n'), E'\\n' order by line collate "C"))
from (
  with relations as (
    select c.* from pg_class c
    where c.relnamespace = 'millrace'::regnamespace and c.relname not like 'schema\\_migrations%' and not c.relispartition
  )
  select concat_ws(' ', 'relation', relname, 'kind', relkind, pg_get_partkeydef(oid), array_to_string(reloptions, ','),
    case when relpersistence <> 'p' then 'persistence ' || relpersistence::text end,
    case when relrowsecurity then 'row security' end, case when relforcerowsecurity then 'forced' end) as line
  from relations where relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  union all
  select concat_ws(' ', 'column', r.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then 'not null' end,
    case when a.attidentity <> '' then 'identity ' || a.attidentity::text end,
    case when a.attgenerated <> '' then 'generated ' || a.attgenerated::text end,
    'default ' || pg_get_expr(d.adbin, d.adrelid),
    case when a.attstorage <> t.typstorage then 'storage ' || a.attstorage::text end,
    case when a.attcompression <> '' then 'compression ' || a.attcompression::text end)
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
  union all
  select concat_ws(' ', 'constraint', r.relname || '.' || k.conname, pg_get_constraintdef(k.oid))
  from relations r join pg_constraint k on k.conrelid = r.oid where k.contype <> 'n'
  union all
  select concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), case when not i.indisvalid then 'invalid' end)
  from relations r join pg_index i on i.indrelid = r.oid
  union all
  select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
  from relations r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
  union all
  select concat_ws(' ', 'policy', r.relname || '.' || p.polname, p.polcmd, p.polroles::regrole[]::text,
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from relations r join pg_policy p on p.polrelid = r.oid
  union all
  select concat_ws(' ', 'view', r.relname, pg_get_viewdef(r.oid)) from relations r where r.relkind in ('v', 'm')
  union all
  select concat_ws(' ', 'function', pg_get_functiondef(f.oid))
  from pg_proc f where f.pronamespace = 'millrace'::regnamespace and f.prokind in ('f', 'p', 'w')
  union all
  select concat_ws(' ', 'enum', t.typname, string_agg(e.enumlabel, ',' order by e.enumsortorder))
  from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = 'millrace'::regnamespace group by t.typname
  union all
  select concat_ws(' ', 'domain', t.typname, format_type(t.typbasetype, t.typtypmod), t.typdefault,
    case when t.typnotnull then 'not null' end,
    (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = t.oid and k.contype <> 'n'))
  from pg_type t where t.typnamespace = 'millrace'::regnamespace and t.typtype = 'd'
) as catalogue`;

export interface CatalogueDifference {
  /** Lines that the migrations left and that are gone or different now. */
  readonly missing: readonly string[];
  /** Lines that no migration made. */
  readonly unexpected: readonly string[];
}

/** Compares two listings; undefined when they are of different formats or servers, and so can't be compared. */
export function compareCatalogues(expected: string, actual: string): CatalogueDifference | undefined {
  const before = expected.split("\n");
  const after = actual.split("\n");
  if (before[0] !== after[0]) return undefined;
  const expectedLines = new Set(before);
  const actualLines = new Set(after);
  return {
    missing: before.filter((line) => !actualLines.has(line)),
    unexpected: after.filter((line) => !expectedLines.has(line)),
  };
}
