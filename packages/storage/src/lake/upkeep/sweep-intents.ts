import type { Database } from "../../database.ts";
import type { Statement } from "../../executor.ts";

/**
 * Committed before an object is deleted, and never taken back: a publication that comes later finds the mark and is refused. One that was faster has locked
 * the intent and is passed over. What an earlier sweep has marked and not ended is answered again.
 */
const markIntentsStatement: Statement = {
  name: "lake.mark_intents",
  text: `
with old as (
  select i.path from millrace.lake_intents i
  where i.tenant_no = $1::bigint and i.created_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
    and not exists (select from millrace.lake_files f where f.path = i.path)
  order by i.created_at limit $3::integer
  for update skip locked
)
update millrace.lake_intents i set swept_at = coalesce(i.swept_at, clock_timestamp())
from old where i.path = old.path
returning i.path`,
};

/** After their objects are gone. The mark is asked for again, so that no publication can lose an intent that it could still end. */
const endIntentsStatement: Statement = {
  name: "lake.end_intents",
  text: "delete from millrace.lake_intents where path = any($1::text[]) and swept_at is not null",
};

export interface SweepIntents {
  readonly tenantNo: number;
  readonly graceMs: number;
  readonly limit: number;
}

/** Marks intents that old, removes their objects, and then the intents, each committed before the next. A crash between any two leaves marked intents, and they are swept again. */
export async function sweepIntents(
  db: Database,
  { tenantNo, graceMs, limit }: SweepIntents,
  remove: (paths: readonly string[]) => Promise<void>,
): Promise<number> {
  const rows = await db.query<{ path: string }>(markIntentsStatement, [tenantNo, graceMs, limit]);
  const paths = rows.map(({ path }) => path);
  if (paths.length > 0) {
    await remove(paths);
    await db.query(endIntentsStatement, [paths]);
  }
  return paths.length;
}
