/** A CTE that keeps the ended attempts of `source` (id, tenant_id, queue, type, fence, attempts, locked_by, started_at); `message` and `stack` are SQL of its rows `a`. */
export function recordAttempts(
  source: string,
  outcome: string,
  { message = "null", stack = "null", as = "attempts_kept" }: { message?: string; stack?: string; as?: string } = {},
): string {
  return `
  ${as} as (
    insert into millrace.job_attempts (tenant_id, job_id, fence, attempt, outcome, worker, started_at, message, stack, queue, type)
    select a.tenant_id, a.id, a.fence, a.attempts, ${outcome}, a.locked_by, a.started_at, ${message}, ${stack}, a.queue, a.type from ${source} a
  )`;
}
