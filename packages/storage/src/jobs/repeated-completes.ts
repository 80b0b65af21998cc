import type { Executor, Statement } from "../executor.ts";
import type { Lease } from "./lease-token.ts";

/**
 * Which of these completions are in history already: by tenant, id, fence and claim, with the same result. Reads what is committed, and history's rows are
 * never updated; whoever claims a job again raises its fence, so a token of an earlier claim matches nothing that came later.
 * Results are compared as values: the order of members and the spelling of numbers don't count.
 */
const repeatedStatement: Statement = {
  name: "jobs.repeatedCompletes",
  text: `
select t.n from unnest($1::text[], $2::uuid[], $3::integer[], $4::uuid[], $5::text[]) with ordinality
  as t(tenant_id, id, fence, claim_id, result, n)
cross join lateral (
  select h.fence, h.claim_id, h.result from millrace.job_history h
  where h.tenant_id = t.tenant_id and h.id = t.id and h.status = 'completed' limit 1
) h
where h.fence = t.fence and h.claim_id = t.claim_id and h.result::jsonb is not distinct from t.result::jsonb`,
};

export interface Completion {
  readonly lease: Lease;
  /** JSON text or null. */
  readonly result: string | null;
}

/** Those of the completions that repeat one which has been written: its answer was lost on the way, most likely. */
export async function repeatedCompletes(
  db: Executor,
  completions: readonly Completion[],
): Promise<ReadonlySet<Completion>> {
  if (completions.length === 0) return new Set();
  const rows = await db.query<{ n: number }>(repeatedStatement, [
    completions.map(({ lease }) => lease.tenantId),
    completions.map(({ lease }) => lease.id),
    completions.map(({ lease }) => lease.fence),
    completions.map(({ lease }) => lease.claimId),
    completions.map(({ result }) => result),
  ]);
  return new Set(rows.flatMap(({ n }) => completions[n - 1] ?? []));
}
