import { randomUUID } from "node:crypto";

import type { Executor, Statement } from "../executor.ts";
import { asJob, hotJob } from "./columns.ts";
import type { ClaimedJob, ClaimRequest, Job } from "./job-store.ts";
import { encodeLeaseToken } from "./lease-token.ts";

/** How many lanes (tenant and queue) one claim looks at; the next claim goes on behind the last. */
export const lanesMax = 64;

/** Where the next claim starts its round over the lanes. */
export interface LaneCursor {
  readonly tenantId: string;
  readonly queue: string;
}

/**
 * Claims in one statement, one commit.
 * - `lanes` hops over the distinct (tenant, queue) pairs of the claim index, one index probe a hop, so that every tenant gets an equal share.
 * - `picked`: SKIP LOCKED passes over rows that another claimer holds; the delete by ctid acts on rows that this statement has just locked,
 *   so each ready row is deleted by one claimer only, and that claimer alone takes the job.
 * - jobs are updated by id without repeating a condition: owning the deleted ready row is the proof that the job is pending.
 */
export const claimStatement: Statement = {
  name: "jobs.claim",
  text: `
with recursive hops as (
  (select r.tenant_id, r.queue, 1 as n from millrace.ready r
   where (r.tenant_id, r.queue) > ($6::text, $7::text) and ($4::text is null or r.tenant_id = $4::text)
   order by r.tenant_id, r.queue limit 1)
  union all
  select next.tenant_id, next.queue, h.n + 1 from hops h cross join lateral (
    select r.tenant_id, r.queue from millrace.ready r
    where (r.tenant_id, r.queue) > (h.tenant_id, h.queue) and ($4::text is null or r.tenant_id = $4::text)
    order by r.tenant_id, r.queue limit 1
  ) next where h.n < ${lanesMax}
),
lanes as materialized (
  select tenant_id, queue from hops where $1::text[] is null or queue = any($1::text[])
),
picked as (
  delete from millrace.ready r where r.ctid = any(array(
    select x.row_id from lanes l cross join lateral (
      select c.ctid as row_id from millrace.ready c
      where c.tenant_id = l.tenant_id and c.queue = l.queue and ($2::text[] is null or c.type = any($2::text[]))
      order by c.priority desc, c.scheduled_at, c.job_id
      limit (select greatest(1, ceil($3::integer / count(*)::float8))::integer from lanes)
      for update skip locked
    ) x limit $3::integer
  ))
  returning r.job_id, r.tenant_id, r.queue
),
leased as (
  insert into millrace.claims (claim_id, tenant_id, queue, worker, job_ids, open, lease_expires_at)
  select $5::uuid, tenant_id, queue, $8::text, array_agg(job_id), count(*), now() + $9::float8 * interval '1 millisecond'
  from picked group by tenant_id, queue
)
update millrace.jobs j set
  claim_id = $5::uuid, locked_by = $8::text, locked_at = now(), lease_expires_at = null, started_at = now(), updated_at = now(),
  attempts = j.attempts + 1, fence = j.fence + 1
where j.id = any(array(select job_id from picked))
returning ${hotJob("j", "now() + $9::float8 * interval '1 millisecond'")},
  (select max(n) from hops) as "laneCount"`,
};

export interface ClaimResult {
  readonly claimed: readonly ClaimedJob[];
  /** Where to go on; undefined when the round is complete. */
  readonly next: LaneCursor | undefined;
}

/** Claims up to `limit` jobs, best first, from the lanes behind `after`. */
export async function claim(
  db: Executor,
  request: ClaimRequest,
  after: LaneCursor = { tenantId: "", queue: "" },
): Promise<ClaimResult> {
  const claimId = randomUUID();
  const rows = await db.query<Job & { laneCount: number }>(claimStatement, [
    request.queues ?? null,
    request.types ?? null,
    request.limit,
    request.tenantId ?? null,
    claimId,
    after.tenantId,
    after.queue,
    request.worker,
    request.leaseMs,
  ]);
  const claimed = rows
    .map(({ laneCount: _, ...row }) => {
      const job = asJob(row);
      return { job, leaseToken: encodeLeaseToken({ tenantId: job.tenantId, id: job.id, fence: job.fence, claimId }) };
    })
    .sort((a, b) => byClaimOrder(a.job, b.job));
  const last = rows.reduce<LaneCursor | undefined>(laterLane, undefined);
  return { claimed, next: (rows[0]?.laneCount ?? 0) >= lanesMax ? last : undefined };
}

function byClaimOrder(a: Job, b: Job): number {
  return b.priority - a.priority || a.scheduledAt.getTime() - b.scheduledAt.getTime() || (a.id < b.id ? -1 : 1);
}

function laterLane(last: LaneCursor | undefined, row: LaneCursor): LaneCursor {
  if (
    last !== undefined &&
    (last.tenantId > row.tenantId || (last.tenantId === row.tenantId && last.queue > row.queue))
  ) {
    return last;
  }
  return { tenantId: row.tenantId, queue: row.queue };
}
