import type { Executor, Statement } from "../executor.ts";
import { carried, carriedColumns } from "./columns.ts";
import { countEntered } from "./finished-counts.ts";
import type { CompleteItem, LeaseOutcome } from "./job-store.ts";
import { writeAsOwner } from "./lease-outcomes.ts";
import { settleClaims } from "./settle-claims.ts";

/**
 * Completes in one statement: the delete is the fence. It matches id, fence and claim together and locks the row, so of an owner and
 * anyone else (rescue, cancel, a second copy of the same completion) one deletes it and the rest match nothing; only what was deleted enters history.
 */
export const completeStatement: Statement = {
  name: "jobs.complete",
  text: `
with done as (
  delete from millrace.jobs j
  using unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[]) as t(id, fence, claim_id, result)
  where j.id = t.id and j.fence = t.fence and j.claim_id = t.claim_id
  returning ${carried("j")}, j.claim_id, t.result
),
${settleClaims("done")},
${countEntered("done", "completed")},
kept as (
  insert into millrace.job_history (${carriedColumns.join(", ")}, status, updated_at, completed_at, result)
  select ${carried("d")}, 'completed', now(), now(), d.result::json from done d
)
select id, claim_id as "claimId", 'completed' as status from done`,
};

/** Completes jobs whose leases are held; results are kept as they are. */
export function complete(db: Executor, items: readonly CompleteItem[]): Promise<readonly LeaseOutcome[]> {
  return writeAsOwner(db, completeStatement, items, [(item) => item.result]);
}
