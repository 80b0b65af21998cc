import type { Executor } from "../executor.ts";
import type { JobMatch, JobMatches } from "./job-store.ts";
import { horizonOf, walkJobs } from "./walk.ts";

interface Row {
  readonly id: string | null;
  readonly stops: readonly string[];
}

/** Like a list, of ids alone. Reads only: what becomes of a job between the look and the change is the change's to find out. */
export async function match(db: Executor, filter: JobMatch): Promise<JobMatches> {
  const walk = walkJobs(filter, filter.limit, { hot: "w.id", cold: "w.id" });
  const text = `
with ${walk.ctes}
select p.id, array(${walk.stops}) as stops
from (values (1)) as always left join (select f.id from (${walk.found}) f order by f.id desc limit $4::integer) p on true
order by p.id desc`;
  const rows = await db.query<Row>({ name: "jobs.match", text }, walk.parameters);
  const horizon = horizonOf(rows[0]?.stops);
  const ids = rows.flatMap(({ id }) => (id === null || (horizon !== undefined && id < horizon) ? [] : [id]));
  return { ids, nextBeforeId: ids.length === filter.limit ? (ids.at(-1) ?? null) : (horizon ?? null) };
}
