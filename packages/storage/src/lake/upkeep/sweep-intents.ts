import type { Database } from "../../database.ts";
import type { Statement } from "../../executor.ts";

/** Held to the end of the transaction: a publication that comes to end one of them waits, and then finds it gone and is refused. One that was faster is passed over. */
const oldIntentsStatement: Statement = {
  name: "lake.old_intents",
  text: `
select i.path from millrace.lake_intents i
where i.tenant_no = $1::bigint and i.created_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
  and not exists (select from millrace.lake_files f where f.path = i.path)
order by i.created_at limit $3::integer
for update skip locked`,
};

/** In the transaction that holds them, after their objects are gone. */
const endIntentsStatement: Statement = {
  name: "lake.end_intents",
  text: "delete from millrace.lake_intents where path = any($1::text[])",
};

export interface SweepIntents {
  readonly tenantNo: number;
  readonly graceMs: number;
  readonly limit: number;
}

/** Removes the objects of intents that old, and then the intents. A crash between the two leaves the intents, and they are swept again. */
export function sweepIntents(
  db: Database,
  { tenantNo, graceMs, limit }: SweepIntents,
  remove: (paths: readonly string[]) => Promise<void>,
): Promise<number> {
  return db.withTransaction(async (tx) => {
    const rows = await tx.query<{ path: string }>(oldIntentsStatement, [tenantNo, graceMs, limit]);
    const paths = rows.map(({ path }) => path);
    if (paths.length > 0) {
      await remove(paths);
      await tx.query(endIntentsStatement, [paths]);
    }
    return paths.length;
  });
}
