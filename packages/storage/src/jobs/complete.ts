import type { Executor, Statement } from "../executor.ts";
import { carried } from "./columns.ts";
import { freedLanes, freeSlots } from "./free-slots.ts";
import type { CompleteItem, LeaseOutcome } from "./job-store.ts";
import { keepFinished } from "./keep-finished.ts";
import { answerRepeats, writeAsOwner } from "./lease-outcomes.ts";
import { settleClaims } from "./settle-claims.ts";
import { signals } from "./signals.ts";

/**
 * Completes in one statement: the delete is the fence. It matches id, fence and claim together and locks the row, so of an owner and
 * anyone else (rescue, cancel, a second copy of the same completion) one deletes it and the rest match nothing; only what was deleted enters history.
 * The rows that matched are named only where some did not.
 */
export const completeCtes = `
done as (
  delete from millrace.jobs j
  using unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[]) as t(id, fence, claim_id, tenant_id, result)
  where j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id
  returning ${carried("j")}, j.claim_id, t.result
),
${settleClaims("done")},
${freeSlots("done")},
${freedLanes},
${keepFinished("done", "completed", { claim_id: "d.claim_id", result: "d.result::json" })}`;

export const completeSignals = ["freeSlots", "freedLanes"] as const;

export const completeStatement: Statement = {
  name: "jobs.complete",
  text: `
with ${completeCtes}
select d.id, d.claim_id as "claimId", 'completed' as status, c.n = cardinality($1::uuid[]) as all, ${signals(...completeSignals)}
from (select count(*) as n from done) c left join done d on c.n < cardinality($1::uuid[])`,
};

/** The columns of a completion behind its lease. */
export const completeColumns = [(item: CompleteItem) => item.result] as const;

/** Completes jobs whose leases are held; results are kept as they are. A completion that is repeated is answered as the first was. */
export async function complete(db: Executor, items: readonly CompleteItem[]): Promise<readonly LeaseOutcome[]> {
  const outcomes = await writeAsOwner(db, completeStatement, items, completeColumns);
  return answerRepeats(db, items, outcomes);
}
