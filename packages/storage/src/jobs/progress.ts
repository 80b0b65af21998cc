import type { Executor, Statement } from "../executor.ts";
import type { LeaseOutcome, ProgressItem } from "./job-store.ts";
import { writeAsOwner } from "./lease-outcomes.ts";

/** Fenced like every owner's write; touches no indexed column, so the update stays HOT. */
export const progressStatement: Statement = {
  name: "jobs.progress",
  text: `
update millrace.jobs j set progress = t.progress::json, updated_at = now()
from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[]) as t(id, fence, claim_id, tenant_id, progress)
where j.id = t.id and j.tenant_id = t.tenant_id and j.fence = t.fence and j.claim_id = t.claim_id
returning j.id, t.claim_id as "claimId", 'running' as status`,
};

/** Replaces the progress of jobs whose leases are held. */
export function progress(db: Executor, items: readonly ProgressItem[]): Promise<readonly LeaseOutcome[]> {
  return writeAsOwner(db, progressStatement, items, [(item) => item.progress]);
}
