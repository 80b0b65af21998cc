import type { TerminalStatus } from "@millrace/contract";

import { carriedColumns } from "./columns.ts";

/**
 * CTEs that move the rows of `source` (carried columns) into history as `status`, count them, and fix when they are forgotten, all by the settings of their queue.
 * `columns` gives SQL over the row `d` for columns that change with the end. Counting only appends, so it makes nobody wait.
 */
export function keepFinished(
  source: string,
  status: TerminalStatus,
  columns: Readonly<Partial<Record<(typeof carriedColumns)[number] | "claim_id" | "result", string>>> = {},
  returning = "",
): string {
  const { result = "null::json", claim_id = "null::uuid", ...changed } = columns;
  const values = carriedColumns.map((column) => changed[column] ?? `d.${column}`);
  return `
  ended as (
    select s.tenant_id, s.queue, count(*) as n, millrace.retention(s.tenant_id, s.queue, '${status}') as kept_for
    from ${source} s group by s.tenant_id, s.queue
  ),
  counted as (
    insert into millrace.finished_counts (tenant_id, queue, status, day, retention_class, n)
    select tenant_id, queue, '${status}', ((now() + kept_for) at time zone 'utc')::date, millrace.retention_class(kept_for), n from ended
  ),
  kept as (
    insert into millrace.job_history as h (${carriedColumns.join(", ")}, status, updated_at, completed_at, expires_at, retention_class,
      claim_id, result)
    select ${values.join(", ")}, '${status}', now(), now(), now() + e.kept_for, millrace.retention_class(e.kept_for),
      ${claim_id}, ${result}
    from ${source} d join ended e on e.tenant_id = d.tenant_id and e.queue = d.queue
    ${returning}
  )`;
}
