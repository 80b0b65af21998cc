import type { Executor, Statement } from "../executor.ts";
import type { Lane } from "../jobs/wakeup.ts";

/** Counted beyond `max_depth`, so that one sees how fast a queue that is too full gets emptier. */
const countedBeyond = 10_000;

const waiting = (table: string) => `(
  select count(*)::integer from (
    select from ${table} w where w.tenant_id = t.tenant_id and w.queue = t.queue limit q.max_depth + ${countedBeyond}
  ) bounded
)`;

/** Reads only. A queue without `max_depth` costs one probe of its settings; the others are counted up to a bound. */
export const depthStatement: Statement = {
  name: "queues.depth",
  text: `
select t.tenant_id as "tenantId", t.queue, q.max_depth as "maxDepth", case when q.max_depth is not null then
  ${["ready", "scheduled", "held", "blocked"].map((table) => waiting(`millrace.${table}`)).join(" + ")}
end as depth
from unnest($1::text[], $2::text[]) as t(tenant_id, queue)
left join millrace.queue_settings q on q.tenant_id = t.tenant_id and q.queue = t.queue`,
};

export interface Depth {
  readonly tenantId: string;
  readonly queue: string;
  /** Null: without a limit, and not counted. */
  readonly maxDepth: number | null;
  readonly depth: number | null;
}

/** How many jobs are pending in each lane that limits that. */
export function readDepths(db: Executor, lanes: readonly Lane[]): Promise<readonly Depth[]> {
  return db.query<Depth>(depthStatement, [lanes.map(([tenantId]) => tenantId), lanes.map(([, queue]) => queue)]);
}
