import { randomUUID } from "node:crypto";

import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { claimedColumns, claimedJob, type ClaimedRow } from "./claimed-row.ts";
import type { ClaimedJob, ClaimRequest } from "./job-store.ts";
import { encodeLeaseToken } from "./lease-token.ts";

/** How many lanes (tenant and queue) one claim looks at; the next claim goes on behind the last. */
const lanesMax = 64;

/** Where the next claim starts its round over the lanes. */
export interface LaneCursor {
  readonly tenantId: string;
  readonly queue: string;
}

/** The next lane behind (tenant, queue), by one probe of the claim index: over every tenant, or over the queues of one tenant. */
function nextLane(ofOneTenant: boolean, tenant: string, queue: string): string {
  const behind = ofOneTenant
    ? `r.tenant_id = ${tenant} and r.queue > ${queue}`
    : `(r.tenant_id, r.queue) > (${tenant}, ${queue})`;
  return `select r.tenant_id, r.queue from millrace.ready r where ${behind} order by r.tenant_id, r.queue limit 1`;
}

/**
 * Claims in one statement, one commit.
 * - `lanes` hops over the distinct (tenant, queue) pairs of the claim index, so that every tenant gets an equal share.
 * - `picked`: SKIP LOCKED passes over rows that another claimer holds; the delete by ctid acts on rows that this statement has just locked
 *   (a ready row is never updated), so each is deleted by one claimer only, and that claimer alone takes the job.
 * - jobs are updated by id without repeating a condition: owning the deleted ready row is the proof that the job is pending.
 */
function claimStatementFor(ofOneTenant: boolean): Statement {
  return {
    name: "jobs.claim",
    text: `
with recursive hops as (
  (select l.tenant_id, l.queue, 1 as n from (${nextLane(ofOneTenant, "$5::text", "$6::text")}) l)
  union all
  select l.tenant_id, l.queue, h.n + 1 from hops h
  cross join lateral (${nextLane(ofOneTenant, "h.tenant_id", "h.queue")}) l where h.n < ${lanesMax}
),
lanes as materialized (
  select tenant_id, queue, n from hops where $1::text[] is null or queue = any($1::text[])
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
  select $4::uuid, tenant_id, queue, $7::text, array_agg(job_id), count(*), now() + $8::float8 * interval '1 millisecond'
  from picked group by tenant_id, queue
),
claimed as (
  update millrace.jobs j set
    claim_id = $4::uuid, locked_by = $7::text, locked_at = now(), lease_expires_at = null, started_at = now(),
    updated_at = now(), attempts = j.attempts + 1, fence = j.fence + 1
  where j.id = any(array(select job_id from picked))
  returning ${claimedColumns("j")}
)
-- One row for each job, and one for the claim as a whole.
select c.*, h.head from claimed c full join (
  select json_build_object('nowMs', (extract(epoch from now()) * 1000)::bigint, 'next', (
    -- A claim that is full goes on behind the last lane it served, if there are lanes behind; else behind the last one it looked at.
    select json_build_object('tenantId', e.tenant_id, 'queue', e.queue) from hops e where e.n = (
      select case when s.jobs >= $3::integer and s.last < (select max(n) from lanes) then s.last else ${lanesMax} end
      from (
        select count(*) as jobs, max(l.n) as last from picked p join lanes l on l.tenant_id = p.tenant_id and l.queue = p.queue
      ) s
    )
  )) as head
) h on false`,
  };
}

export const claimStatement = claimStatementFor(false);
export const claimOfTenantStatement = claimStatementFor(true);

export interface ClaimResult {
  readonly claimed: readonly ClaimedJob[];
  /** Where the next claim goes on; undefined when the round over the lanes is complete. */
  readonly next: LaneCursor | undefined;
}

/** A claimed job, or the one row that tells of the whole claim. */
type Row = (ClaimedRow & { readonly head: null }) | { readonly head: ClaimHead };

interface ClaimHead {
  /** The database's time of the claim. */
  readonly nowMs: number;
  /** The last lane looked at, if there may be more behind it. */
  readonly next: LaneCursor | null;
}

/** Claims up to `limit` jobs, best first, from the lanes behind `after`. */
export async function claim(db: Executor, request: ClaimRequest, after?: LaneCursor): Promise<ClaimResult> {
  const claimId = randomUUID();
  const rows = await db.query<Row>(request.tenantId === undefined ? claimStatement : claimOfTenantStatement, [
    request.queues ?? null,
    request.types ?? null,
    request.limit,
    claimId,
    request.tenantId ?? after?.tenantId ?? "",
    after?.queue ?? "",
    request.worker,
    request.leaseMs,
  ]);
  const head = rows.find((row) => row.head !== null)?.head;
  if (head === undefined) throw new MillraceError("INTERNAL", "The claim answered nothing.");
  const lease = {
    worker: request.worker,
    lockedAt: new Date(head.nowMs),
    leaseExpiresAt: new Date(head.nowMs + request.leaseMs),
  };
  const claimed: ClaimedJob[] = [];
  for (const row of rows) {
    if (row.head !== null) continue;
    const job = claimedJob(row, lease);
    claimed.push({
      job,
      leaseToken: encodeLeaseToken({ tenantId: job.tenantId, id: job.id, fence: job.fence, claimId }),
    });
  }
  claimed.sort(byClaimOrder);
  return { claimed, next: head.next ?? undefined };
}

function byClaimOrder({ job: a }: ClaimedJob, { job: b }: ClaimedJob): number {
  return b.priority - a.priority || a.scheduledAt.getTime() - b.scheduledAt.getTime() || (a.id < b.id ? -1 : 1);
}
