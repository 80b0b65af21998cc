import { type Json, MillraceError } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { newJobId } from "./job-id.ts";
import type { CreatedJobId, Job, NewJob } from "./job-store.ts";

/**
 * Inserts jobs and their ready or scheduled rows in one statement, one commit.
 * With keys: the unique (tenant, key) decides, in key order so that two batches can't deadlock; a job enters only if its key row did.
 * An insert that meets an uncommitted key waits for it, so its caller finds the winner committed.
 * `notify` rides on the insert when given: it is delivered at commit, with the job visible.
 */
function insertStatement(withKeys: boolean): Statement {
  return {
    name: "jobs.insert",
    text: `
with input as materialized (
  select t.*, coalesce(t.at, now() + t.delay_ms * interval '1 millisecond', now()) as scheduled_at
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::integer[], $8::timestamptz[],
    $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
    $17::text[])
    as t(id, tenant_id, queue, type, priority, max_attempts, timeout_ms, at, delay_ms,
      idempotency_key, request_hash, concurrency_key, tags, retry, payload, traceparent, trace_id)
),
${
  withKeys
    ? `new_keys as (
  insert into millrace.job_keys (tenant_id, key, job_id, request_hash)
  select tenant_id, idempotency_key, id, request_hash from input where idempotency_key is not null
  order by tenant_id, idempotency_key
  on conflict (tenant_id, key) do nothing returning job_id
),
fresh as materialized (
  select * from input i where i.idempotency_key is null or i.id in (select job_id from new_keys)
),`
    : `fresh as (select * from input),`
}
new_jobs as (
  insert into millrace.jobs (id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at,
    idempotency_key, concurrency_key, tags, retry, payload, traceparent, trace_id)
  select id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at,
    idempotency_key, concurrency_key, tags::text[], retry::jsonb, payload::json, traceparent, trace_id from fresh
),
${enqueueAgain("fresh", { announced: true })}
select now() as now, ${withKeys ? "array(select job_id::text from new_keys)" : "'{}'::text[]"} as "newKeys",
  case when $18::text is not null then pg_notify('millrace_jobs', $18::text) end as notified,
  exists (select from checks_again) as "needsAdmission"`,
  };
}

export const insertPlain = insertStatement(false);
export const insertKeyed = insertStatement(true);

/** A job that is ready to be inserted: its id is made. */
export interface PreparedJob extends NewJob {
  readonly id: string;
}

/** Gives the job its id: a UUIDv7, so that ids sort by the time they were made. */
export function prepare(job: NewJob): PreparedJob {
  return { ...job, id: newJobId() };
}

export interface Inserted {
  /** The database's now of the insert. */
  readonly now: Date;
  /** The jobs that did not enter: their key is taken. */
  readonly keyTaken: readonly PreparedJob[];
}

/** Runs the insert; nothing of it is in effect when it throws. */
export async function insert(db: Executor, jobs: readonly PreparedJob[], notify: string | null): Promise<Inserted> {
  const keyed = jobs.some((job) => job.idempotencyKey !== undefined);
  const parameters: Parameter[] = [
    jobs.map((job) => job.id),
    jobs.map((job) => job.tenantId),
    jobs.map((job) => job.queue),
    jobs.map((job) => job.type),
    jobs.map((job) => job.priority),
    jobs.map((job) => job.maxAttempts),
    jobs.map((job) => job.timeoutMs ?? null),
    jobs.map((job) => job.scheduledAt ?? null),
    jobs.map((job) => job.delayMs ?? null),
    jobs.map((job) => job.idempotencyKey ?? null),
    jobs.map((job) => job.requestHash ?? null),
    jobs.map((job) => job.concurrencyKey ?? null),
    jobs.map((job) => textArray(job.tags)),
    jobs.map((job) => (job.retry === undefined ? null : JSON.stringify(job.retry))),
    jobs.map((job) => job.payload),
    jobs.map((job) => job.traceparent ?? null),
    jobs.map((job) => job.traceId ?? null),
    notify,
  ];
  const [row] = await db.query<{ now: Date; newKeys: readonly string[] }>(
    keyed ? insertKeyed : insertPlain,
    parameters,
  );
  if (row === undefined) throw new MillraceError("INTERNAL", "The insert answered nothing.");
  const entered = new Set(row.newKeys);
  return {
    now: row.now,
    keyTaken: keyed ? jobs.filter((job) => job.idempotencyKey !== undefined && !entered.has(job.id)) : [],
  };
}

const existingKeysStatement: Statement = {
  name: "jobs.existingKeys",
  text: `
select k.tenant_id as "tenantId", k.key, k.job_id as "jobId", k.request_hash as "requestHash"
from unnest($1::text[], $2::text[]) as t(tenant_id, key) join millrace.job_keys k on k.tenant_id = t.tenant_id and k.key = t.key`,
};

export interface ExistingKey {
  readonly jobId: string;
  readonly sameRequest: boolean;
}

/** What each taken key names, in input order; undefined where the key was freed meanwhile. */
export async function existingKeys(
  db: Executor,
  jobs: readonly PreparedJob[],
): Promise<readonly (ExistingKey | undefined)[]> {
  if (jobs.length === 0) return [];
  const rows = await db.query<{ tenantId: string; key: string; jobId: string; requestHash: string }>(
    existingKeysStatement,
    [jobs.map((job) => job.tenantId), jobs.map((job) => job.idempotencyKey ?? "")],
  );
  const byKey = new Map(rows.map((row) => [`${row.tenantId}/${row.key}`, row]));
  return jobs.map((job) => {
    const row = byKey.get(`${job.tenantId}/${job.idempotencyKey}`);
    return row && { jobId: row.jobId, sameRequest: row.requestHash === job.requestHash };
  });
}

/** The error for known keys that come with other requests; `paths` name them in the request. */
export function keysReused(jobs: readonly NewJob[], paths: readonly string[] = ["idempotencyKey"]): MillraceError {
  const message = (job: NewJob) =>
    `The idempotency key ${JSON.stringify(job.idempotencyKey)} was used before with a different request.`;
  const [first] = jobs;
  return new MillraceError(
    "IDEMPOTENCY_KEY_REUSED",
    first === undefined ? "An idempotency key was reused." : message(first),
    {
      errors: jobs.map((job, index) => ({ path: paths[index] ?? "", code: "reused", message: message(job) })),
    },
  );
}

/** How often an insert is tried again when the job behind a taken key is deleted at that very moment. */
export const freedKeyTriesMax = 5;

/** The error for a key whose job comes and goes too fast to decide. */
export function keyBusy(): MillraceError {
  return new MillraceError("UNAVAILABLE", "The job behind the idempotency key is being deleted; try again.", {
    retryAfterMs: 100,
  });
}

/** Inserts all jobs; when this throws, the caller's transaction must roll back. @throws IDEMPOTENCY_KEY_REUSED */
export async function insertAll(
  tx: Executor,
  jobs: readonly PreparedJob[],
  notify: string | null,
): Promise<readonly CreatedJobId[]> {
  const duplicates = new Map<string, string>();
  let open = jobs;
  for (let tries = 0; open.length > 0; tries++) {
    if (tries >= freedKeyTriesMax) throw keyBusy();
    const { keyTaken } = await insert(tx, open, notify);
    const existing = await existingKeys(tx, keyTaken);
    const freed: PreparedJob[] = [];
    const reused: PreparedJob[] = [];
    for (const [index, job] of keyTaken.entries()) {
      const key = existing[index];
      if (key === undefined) freed.push(job);
      else if (key.sameRequest) duplicates.set(job.id, key.jobId);
      else reused.push(job);
    }
    if (reused.length > 0)
      throw keysReused(
        reused,
        reused.map((job) => `jobs.${jobs.indexOf(job)}.idempotencyKey`),
      );
    open = freed;
  }
  return jobs.map((job) => {
    const id = duplicates.get(job.id);
    return id === undefined ? { id: job.id, duplicate: false } : { id, duplicate: true };
  });
}

/** The job as it stands right after its insert, without asking the database again. */
export function freshJob(job: PreparedJob, now: Date): Job {
  const scheduledAt = job.scheduledAt ?? (job.delayMs === undefined ? now : new Date(now.getTime() + job.delayMs));
  return {
    id: job.id,
    tenantId: job.tenantId,
    queue: job.queue,
    type: job.type,
    payload: JSON.parse(job.payload) as Json,
    status: "pending",
    priority: job.priority,
    attempts: 0,
    maxAttempts: job.maxAttempts,
    retry: job.retry ?? null,
    lastError: null,
    errors: [],
    idempotencyKey: job.idempotencyKey ?? null,
    concurrencyKey: job.concurrencyKey ?? null,
    tags: job.tags,
    result: null,
    progress: null,
    lockedBy: null,
    lockedAt: null,
    leaseExpiresAt: null,
    fence: 0,
    timeoutMs: job.timeoutMs ?? null,
    createdAt: now,
    updatedAt: now,
    scheduledAt,
    startedAt: null,
    completedAt: null,
    traceparent: job.traceparent ?? null,
    traceId: job.traceId ?? null,
  };
}

/** A PostgreSQL array literal, for one element of an array of arrays. */
function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}
