import { randomUUID } from "node:crypto";

import { MillraceError } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import { claimedColumns, claimedJob, type ClaimedRow } from "./claimed-row.ts";
import type { ClaimedJob, ClaimRequest } from "./job-store.ts";

/** How many lanes (tenant and queue) one claim looks at; the next claim goes on behind the last. */
const lanesMax = 64;

/** Where a claim starts its round over the lanes. */
export interface LaneCursor {
  readonly tenantId: string;
  readonly queue: string;
}

/** Whose turn it is in a claim. */
export interface Turn {
  /** Counts the claims: what doesn't divide among the lanes goes round with it. */
  readonly number: number;
  /** The claim looks at the lanes behind this one; without it at the first ones. */
  readonly after?: LaneCursor | undefined;
}

/** A lane and how many jobs of a claim are its share. */
export type LaneShare = readonly [tenantId: string, queue: string, share: number];

/** The next lane behind (tenant, queue), by one probe of the claim index: over every tenant, or over the queues of one tenant. */
function nextLane(ofOneTenant: boolean, tenant: string, queue: string): string {
  if (ofOneTenant) return nextLaneOf(tenant, queue);
  return `
    select r.tenant_id, r.queue from millrace.ready r where (r.tenant_id, r.queue) > (${tenant}, ${queue})
    order by r.tenant_id, r.queue limit 1`;
}

/** Where the claim names its queues (`$1`), those of one tenant are the lanes, and its other queues are not gone through; only one branch ever runs. */
function nextLaneOf(tenant: string, queue: string): string {
  return `
    (select r.tenant_id, r.queue from millrace.ready r
    where $1::text[] is null and r.tenant_id = ${tenant} and r.queue > ${queue} order by r.tenant_id, r.queue limit 1)
    union all
    (select ${tenant}, u.queue from unnest($1::text[]) u(queue)
    where u.queue > ${queue} and exists (select from millrace.ready r where r.tenant_id = ${tenant} and r.queue = u.queue)
    order by u.queue limit 1)`;
}

/**
 * Claims in one statement, one commit.
 * - `hops` goes over the distinct (tenant, queue) pairs of the claim index; those that are paused or have no room are left out. Those with a limit
 *   are only named here: they are claimed one by one, under a lock (see claim-limited).
 * - `shares`: each tenant gets an equal share of the claim, and each of its queues an equal share of that; what doesn't divide goes round with
 *   `$10`, the number of the claim. The shares add up to the limit; whoever has none stands behind the others, for what they leave.
 * - `picked`: SKIP LOCKED passes over rows that another claimer holds; the delete by ctid acts on rows that this statement has just locked
 *   (a ready row is never updated), so each is deleted by one claimer only, and that claimer alone takes the job.
 * - jobs are updated by id without repeating a condition: owning the deleted ready row is the proof that the job is pending.
 */
export function claimCtes(ofOneTenant: boolean): string {
  return `
hops as (
  (select l.tenant_id, l.queue, 1 as n from (${nextLane(ofOneTenant, "$5::text", "$6::text")}) l)
  union all
  select l.tenant_id, l.queue, h.n + 1 from hops h
  cross join lateral (${nextLane(ofOneTenant, "h.tenant_id", "h.queue")}) l where h.n < ${lanesMax}
),
seen as materialized (
  select h.tenant_id, h.queue, (
    select millrace.queue_room(q, clock_timestamp()) from millrace.queue_settings q where q.tenant_id = h.tenant_id and q.queue = h.queue
      and (q.paused_at is not null or q.concurrency is not null or q.rate_limit is not null)
  ) as room
  from hops h where $1::text[] is null or h.queue = any($1::text[])
),
shares as materialized (
  select s.* from (
    select array_agg(tenant_id) as tenants, array_agg(queue) as queues, array_agg(room is not null) as limits
    from seen where room is null or (room[1] > 0 and $9::boolean)
  ) l cross join lateral millrace.claim_shares(l.tenants, l.queues, l.limits, $3::integer, $10::integer) s
),
picked as (
  delete from millrace.ready r where r.ctid = any(array(
    select x.row_id from shares l cross join lateral (
      select c.ctid as row_id from millrace.ready c
      where c.tenant_id = l.tenant_id and c.queue = l.queue and ($2::text[] is null or c.type = any($2::text[]))
      order by c.priority desc, c.scheduled_at, c.job_id limit greatest(1, l.share) for update skip locked
    ) x where not l.limited
    limit $3::integer - (select coalesce(sum(o.share), 0) from shares o where o.limited)
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
)`;
}

/** Members of the claim's head, for `json_build_object`. */
export const claimHeadMembers = `
    'nowMs', (extract(epoch from now()) * 1000)::bigint,
    'next', (select json_build_object('tenantId', e.tenant_id, 'queue', e.queue) from hops e where e.n = ${lanesMax}),
    'limited', (select json_agg(json_build_array(l.tenant_id, l.queue, l.share)) from shares l where l.limited),
    'retryInMs', (select min(l.room[2]) from seen l)`;

/** One row for each job, and one for the claim as a whole. */
export function claimRows(headMembers: string): string {
  return `
select c.*, h.head from claimed c full join (select json_build_object(${headMembers}) as head) h on false`;
}

function claimStatementFor(ofOneTenant: boolean): Statement {
  return { name: "jobs.claim", text: `with recursive ${claimCtes(ofOneTenant)} ${claimRows(claimHeadMembers)}` };
}

export const claimStatement = claimStatementFor(false);
export const claimOfTenantStatement = claimStatementFor(true);

export interface ClaimResult {
  readonly claimed: readonly ClaimedJob[];
  /** Lanes with limits that have room, and what they may take of this claim; whoever has no share may take what is left. */
  readonly limited: readonly LaneShare[];
  /** In how many milliseconds a lane that waits for a token gets one. */
  readonly retryInMs: number | undefined;
  /** Where the next claim goes on; undefined when the round over the lanes is complete. */
  readonly next: LaneCursor | undefined;
}

/** A claimed job, or the one row that tells of the whole claim. */
export type ClaimRow<Head = ClaimHead> = (ClaimedRow & { readonly head: null }) | { readonly head: Head };

export interface ClaimHead {
  /** The database's time of the claim. */
  readonly nowMs: number;
  /** The last lane looked at, if there may be more behind it. */
  readonly next: LaneCursor | null;
  readonly limited: readonly LaneShare[] | null;
  readonly retryInMs: number | null;
}

/** What a claim's statement takes. With `limited` it leaves lanes that have limits their shares, and names them. */
export function claimParameters(
  request: ClaimRequest,
  turn: Turn,
  limited: boolean,
  claimId: string,
): readonly Parameter[] {
  return [
    request.queues ?? null,
    request.types ?? null,
    request.limit,
    claimId,
    request.tenantId ?? turn.after?.tenantId ?? "",
    turn.after?.queue ?? "",
    request.worker,
    request.leaseMs,
    limited,
    turn.number,
  ];
}

function isJob<Head>(row: ClaimRow<Head>): row is ClaimedRow & { readonly head: null } {
  return row.head === null;
}

/** What a claim's statement answered. */
export function readClaim<Head extends ClaimHead>(
  rows: readonly ClaimRow<Head>[],
  request: ClaimRequest,
  claimId: string,
): ClaimResult & { readonly head: Head } {
  const head = rows.find((row) => row.head !== null)?.head;
  if (head === undefined || head === null) throw new MillraceError("INTERNAL", "The claim answered nothing.");
  const lease = {
    claimId,
    worker: request.worker,
    lockedAt: new Date(head.nowMs),
    leaseExpiresAt: new Date(head.nowMs + request.leaseMs),
  };
  return {
    claimed: rows.filter(isJob).map((row) => claimedJob(row, lease)),
    limited: head.limited ?? [],
    retryInMs: head.retryInMs ?? undefined,
    next: head.next ?? undefined,
    head,
  };
}

/** Claims up to `limit` jobs from lanes that have no limits. */
export async function claim(db: Executor, request: ClaimRequest, turn: Turn, limited: boolean): Promise<ClaimResult> {
  const claimId = randomUUID();
  const statement = request.tenantId === undefined ? claimStatement : claimOfTenantStatement;
  const rows = await db.query<ClaimRow>(statement, claimParameters(request, turn, limited, claimId));
  return readClaim(rows, request, claimId);
}
