import { randomUUID } from "node:crypto";

import type { Executor, Statement } from "../executor.ts";
import type { LaneShare } from "./claim.ts";
import { claimedColumns, claimedJob, type ClaimedRow } from "./claimed-row.ts";
import type { ClaimedJob, ClaimRequest } from "./job-store.ts";

/** The function holds the argument why no limit is overshot (migration 0003). It waits for no lock, so several lanes in one statement can't deadlock. */
export const claimLimitedStatement: Statement = {
  name: "jobs.claimLimited",
  text: `
select ${claimedColumns("(c.job)")}, (c.job).locked_at as "lockedAt", c.retry_in_ms as "retryInMs"
from unnest($1::text[], $2::text[], $3::integer[]) as l(tenant_id, queue, at_most)
cross join lateral millrace.claim_limited(l.tenant_id, l.queue, $4::text[], l.at_most, $5::uuid, $6::text, $7::float8) c`,
};

/** A claimed job, or word of when a lane is worth asking again. */
type Row =
  | (ClaimedRow & { readonly lockedAt: Date; readonly retryInMs: null })
  | { readonly id: null; readonly retryInMs: number | null };

export interface LimitedClaim {
  readonly claimed: readonly ClaimedJob[];
  /** In how many milliseconds one of the lanes may have room or be free of another claimer. */
  readonly retryInMs: number | undefined;
}

/** Claims from lanes with limits, from each at most its share. */
export async function claimLimited(
  db: Executor,
  lanes: readonly LaneShare[],
  request: Pick<ClaimRequest, "types" | "worker" | "leaseMs">,
): Promise<LimitedClaim> {
  const claimId = randomUUID();
  const rows = await db.query<Row>(claimLimitedStatement, [
    lanes.map(([tenantId]) => tenantId),
    lanes.map(([, queue]) => queue),
    lanes.map(([, , share]) => share),
    request.types ?? null,
    claimId,
    request.worker,
    request.leaseMs,
  ]);
  const claimed: ClaimedJob[] = [];
  let retryInMs: number | undefined;
  for (const row of rows) {
    if (row.id === null) {
      if (row.retryInMs !== null) retryInMs = Math.min(retryInMs ?? row.retryInMs, row.retryInMs);
      continue;
    }
    const leaseExpiresAt = new Date(row.lockedAt.getTime() + request.leaseMs);
    claimed.push(claimedJob(row, { claimId, worker: request.worker, lockedAt: row.lockedAt, leaseExpiresAt }));
  }
  return { claimed, retryInMs };
}
