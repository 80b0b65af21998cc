import { limits } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { LeaseOutcome, LogItem, NewLogLine } from "./job-store.ts";
import { writeAsOwner } from "./lease-outcomes.ts";

/**
 * Fenced like every owner's write. The jobs' rows are locked, in id order, before their lines get numbers: so the numbers of a job's lines rise in the order
 * in which they are committed, and whoever reads on behind a number misses none. A full log takes no more; that is no error.
 */
export const appendLogsStatement: Statement = {
  name: "jobs.appendLogs",
  text: `
with owned as materialized (
  select j.id, t.claim_id, j.tenant_id, j.attempts, t.lines from millrace.jobs j
  join unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[]) as t(id, fence, claim_id, tenant_id, lines)
  on j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id
  order by j.id for no key update of j
),
lines as (
  select o.tenant_id, o.id, o.attempts, l.line, l.nth, ${limits.logLinesMax} - (
    select count(*) from (
      select from millrace.job_logs g where g.tenant_id = o.tenant_id and g.job_id = o.id limit ${limits.logLinesMax}
    ) kept
  ) as room
  from owned o cross join lateral json_array_elements(o.lines::json) with ordinality as l(line, nth)
),
kept as (
  insert into millrace.job_logs (tenant_id, job_id, attempt, level, message)
  select n.tenant_id, n.id, n.attempts, n.line ->> 'level', n.line ->> 'message' from lines n where n.nth <= n.room
  order by n.id, n.nth
)
select o.id, o.claim_id as "claimId", 'running' as status from owned o`,
};

/** Appends log lines to jobs whose leases are held. Lines over the bound of a job are dropped, and messages that are too long cut. */
export async function appendLogs(db: Executor, items: readonly LogItem[]): Promise<readonly LeaseOutcome[]> {
  const byToken = new Map<string, NewLogLine[]>();
  for (const { leaseToken, lines } of items) {
    const all = byToken.get(leaseToken);
    if (all === undefined) byToken.set(leaseToken, [...lines]);
    else all.push(...lines);
  }
  const merged = items.map(({ leaseToken }) => ({ leaseToken, lines: byToken.get(leaseToken) ?? [] }));
  return writeAsOwner(db, appendLogsStatement, merged, [({ lines }) => JSON.stringify(lines.map(storable))]);
}

/** A line as PostgreSQL can keep it. */
function storable({ level, message }: NewLogLine): NewLogLine {
  return { level, message: message.slice(0, limits.logCharactersMax).toWellFormed().replaceAll("\0", "\uFFFD") };
}
