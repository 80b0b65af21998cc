import type { JobStatus } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { isSameRequest } from "./existing-keys.ts";
import type { PreparedJob } from "./insert.ts";
import { duplicateJob, keyBusy, keyTwice, keysReused } from "./key-errors.ts";
import { replace } from "./replace.ts";

/** In key order, so that two transactions can't deadlock. Whoever meets an uncommitted key waits until it is decided. */
const takeStatement: Statement = {
  name: "jobs.takeKeys",
  text: `
insert into millrace.job_keys (tenant_id, key, job_id, request_hash, expires_at)
select t.tenant_id, t.key, t.job_id, t.request_hash, now() + t.window_ms * interval '1 millisecond'
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::float8[]) as t(tenant_id, key, job_id, request_hash, window_ms)
order by t.tenant_id, t.key
on conflict (tenant_id, key) do nothing returning job_id as "jobId"`,
};

/** Holds keys until the transaction ends: of those who replace the job of one key, one after the other does. In key order. */
const lockStatement: Statement = {
  name: "jobs.lockKeys",
  text: `
select 1 from millrace.job_keys k
where (k.tenant_id, k.key) in (select * from unnest($1::text[], $2::text[])) order by k.tenant_id, k.key for update`,
};

/**
 * Keys and their jobs in one snapshot: a committed key has its job or had it, so a job that is not there is gone for good. Keys of this very transaction
 * say nothing of that: their jobs may be inserted after them.
 */
const statesStatement: Statement = {
  name: "jobs.keyStates",
  text: `
select k.tenant_id as "tenantId", k.key, k.job_id as "jobId", k.request_hash as "requestHash", coalesce(k.expires_at <= now(), false) as expired,
  k.created_at < now() as settled,
  (select a.status::text from millrace.all_jobs a where a.tenant_id = k.tenant_id and a.id = k.job_id limit 1) as status
from unnest($1::text[], $2::text[]) as t(tenant_id, key) join millrace.job_keys k on k.tenant_id = t.tenant_id and k.key = t.key`,
};

/** Takes a key over from the job that it was seen to name; whoever comes second finds another job there, and changes nothing. An expiry is read from the locked row. */
const takeOverStatement: Statement = {
  name: "jobs.takeOverKeys",
  text: `
update millrace.job_keys k
set job_id = t.job_id, request_hash = t.request_hash, created_at = now(), expires_at = now() + t.window_ms * interval '1 millisecond'
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::float8[], $6::uuid[], $7::boolean[])
  as t(tenant_id, key, job_id, request_hash, window_ms, former_id, expired)
where k.tenant_id = t.tenant_id and k.key = t.key and k.job_id = t.former_id and (not t.expired or k.expires_at <= now())
returning k.job_id as "jobId"`,
};

interface KeyState {
  readonly tenantId: string;
  readonly key: string;
  readonly jobId: string;
  readonly requestHash: string;
  readonly expired: boolean;
  readonly settled: boolean;
  readonly status: JobStatus | null;
}

/** What came of a job's key: it is the job's own now, or it names another one, whose place the request may have taken. */
export type KeyOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "existing"; readonly jobId: string }
  | { readonly kind: "replaced"; readonly jobId: string };

export interface KeyedJob {
  readonly job: PreparedJob;
  readonly path: string;
}

/** How often keys are looked at again whose jobs change at that very moment. */
const triesMax = 10;

/**
 * Takes the keys of jobs that are about to be inserted by this transaction, by each one's policy.
 * @throws IDEMPOTENCY_KEY_REUSED, DUPLICATE_JOB, VALIDATION_FAILED, UNAVAILABLE; the transaction must roll back then
 */
export async function takeKeys(tx: Executor, jobs: readonly KeyedJob[]): Promise<ReadonlyMap<PreparedJob, KeyOutcome>> {
  const outcomes = new Map<PreparedJob, KeyOutcome>();
  const ownIds = new Set(jobs.map(({ job }) => job.id));
  for (let tries = 0, open = jobs; open.length > 0; tries++) {
    if (tries >= triesMax) throw keyBusy();
    const known = await take(tx, takeStatement, open, keyColumns(open), outcomes);
    if (known.some(({ job }) => replaces(job))) await tx.query(lockStatement, keyColumns(known).slice(0, 2));
    const states = await keyStates(tx, known);
    const reused: KeyedJob[] = [];
    const again: KeyedJob[] = [];
    const takeOver: (KeyedJob & { readonly former: KeyState })[] = [];
    for (const [index, keyed] of known.entries()) {
      const state = states[index];
      if (state === undefined) again.push(keyed);
      else if (isFree(state, ownIds)) takeOver.push({ ...keyed, former: state });
      else {
        const decided = await decide(tx, keyed, state, ownIds.has(state.jobId));
        if (decided === "again") again.push(keyed);
        else if (decided === "reused") reused.push(keyed);
        else if (decided === "takeOver") takeOver.push({ ...keyed, former: state });
        else outcomes.set(keyed.job, decided);
      }
    }
    if (reused.length > 0) throw keysReused(reused);
    const former = [takeOver.map((keyed) => keyed.former.jobId), takeOver.map((keyed) => keyed.former.expired)];
    const missed = await take(tx, takeOverStatement, takeOver, [...keyColumns(takeOver), ...former], outcomes);
    open = [...again, ...missed];
  }
  return outcomes;
}

/** Runs a statement that takes keys; answers the jobs whose keys it could not take. */
async function take<Keyed extends KeyedJob>(
  tx: Executor,
  statement: Statement,
  jobs: readonly Keyed[],
  parameters: Parameters<Executor["query"]>[1],
  outcomes: Map<PreparedJob, KeyOutcome>,
): Promise<readonly Keyed[]> {
  if (jobs.length === 0) return [];
  const taken = new Set((await tx.query<{ jobId: string }>(statement, parameters)).map(({ jobId }) => jobId));
  for (const { job } of jobs) if (taken.has(job.id)) outcomes.set(job, { kind: "taken" });
  return jobs.filter(({ job }) => !taken.has(job.id));
}

function keyColumns(jobs: readonly KeyedJob[]) {
  return [
    jobs.map(({ job }) => job.tenantId),
    jobs.map(({ job }) => job.idempotencyKey ?? ""),
    jobs.map(({ job }) => job.id),
    jobs.map(({ job }) => job.requestHash ?? ""),
    jobs.map(({ job }) => job.keyWindowMs ?? null),
  ];
}

async function keyStates(tx: Executor, jobs: readonly KeyedJob[]): Promise<readonly (KeyState | undefined)[]> {
  if (jobs.length === 0) return [];
  const rows = await tx.query<KeyState>(statesStatement, keyColumns(jobs).slice(0, 2));
  const byKey = new Map(rows.map((row) => [`${row.tenantId}/${row.key}`, row]));
  return jobs.map(({ job }) => byKey.get(`${job.tenantId}/${job.idempotencyKey}`));
}

function replaces({ onDuplicate }: PreparedJob): boolean {
  return onDuplicate === "replace" || onDuplicate === "keepLast";
}

function isFree({ jobId, expired, settled, status }: KeyState, ownIds: ReadonlySet<string>): boolean {
  return !ownIds.has(jobId) && (expired || (status === null && settled));
}

/** What the policy says of a key that is in force. */
async function decide(
  tx: Executor,
  keyed: KeyedJob,
  { jobId, requestHash, status }: KeyState,
  isOwn: boolean,
): Promise<KeyOutcome | "again" | "reused" | "takeOver"> {
  const { job } = keyed;
  // A key without its job is one of this transaction, which inserts that job in a moment.
  const existing = { id: jobId, status: status ?? "pending" } as const;
  if (job.onDuplicate === "reject") throw duplicateJob(keyed, existing);
  if (!replaces(job)) return isSameRequest(requestHash, job) ? { kind: "existing", jobId } : "reused";
  if (isOwn) throw keyTwice(keyed);
  if (status === null) return "again";
  if (status === "pending") return (await replace(tx, job, jobId)) ? { kind: "replaced", jobId } : "again";
  if (job.onDuplicate === "keepLast") return "takeOver";
  throw duplicateJob(keyed, existing);
}
