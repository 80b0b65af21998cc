import { type Json, MillraceError } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { newJobId } from "./job-id.ts";
import type { Job, NewJob } from "./job-store.ts";

const jobColumns = [
  ["id", "uuid"],
  ["tenant_id", "text"],
  ["queue", "text"],
  ["type", "text"],
  ["priority", "smallint"],
  ["max_attempts", "smallint"],
  ["timeout_ms", "integer"],
  ["at", "timestamptz"],
  ["delay_ms", "float8"],
  ["idempotency_key", "text"],
  ["request_hash", "text"],
  ["concurrency_key", "text"],
  ["tags", "text"],
  ["retry", "text"],
  ["payload", "text"],
  ["traceparent", "text"],
  ["trace_id", "text"],
] as const;

/** A CTE `input` of the jobs in the parameters from `$1` on (see `jobParameters`), and further columns of theirs in those after. */
export function inputCte(further: readonly (readonly [name: string, type: string])[] = []): string {
  const columns = [...jobColumns, ...further];
  return `
input as materialized (
  select t.*, coalesce(t.at, now() + t.delay_ms * interval '1 millisecond', now()) as scheduled_at
  from unnest(${columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")})
    as t(${columns.map(([name]) => name).join(", ")})
)`;
}

/** The number of the first parameter after those of the jobs. */
export const firstFreeParameter = jobColumns.length + 1;

/** A CTE `new_jobs` that inserts the rows of `source`. */
export function newJobsCte(source: string): string {
  return `
new_jobs as (
  insert into millrace.jobs (id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at,
    idempotency_key, concurrency_key, tags, retry, payload, traceparent, trace_id)
  select id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at,
    idempotency_key, concurrency_key, tags::text[], retry::jsonb, payload::json, traceparent, trace_id from ${source}
)`;
}

/** What no due job without keys has: its insert does without these columns, and without looking where the job is to wait. */
const lineColumns: readonly string[] = ["at", "delay_ms", "idempotency_key", "request_hash", "concurrency_key"];
const dueColumns = jobColumns.filter(([name]) => !lineColumns.includes(name));

/**
 * The insert of due jobs without keys, which nearly all are: half of the tables of the other insert, and with the few jobs that a flight
 * carries it is the number of tables that costs.
 */
export const insertDue: Statement = {
  name: "jobs.insert",
  text: `
with input as materialized (
  select t.* from unnest(${dueColumns.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")})
    as t(${dueColumns.map(([name]) => name).join(", ")})
),
new_jobs as (
  insert into millrace.jobs (id, tenant_id, queue, type, priority, max_attempts, timeout_ms, scheduled_at, tags, retry, payload, traceparent, trace_id)
  select id, tenant_id, queue, type, priority, max_attempts, timeout_ms, now(), tags::text[], retry::jsonb, payload::json, traceparent, trace_id
  from input
),
new_ready as (
  insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
  select tenant_id, queue, priority, now(), id, type from input
)
select now() as now, case when $${dueColumns.length + 1}::text is not null then pg_notify('millrace_jobs', $${dueColumns.length + 1}::text) end as notified`,
};

/**
 * Inserts jobs and their ready or scheduled rows in one statement, one commit.
 * With keys: the unique (tenant, key) decides, in key order so that two batches can't deadlock; a job enters only if its key row did.
 * An insert that meets an uncommitted key waits for it, so its caller finds the winner committed.
 * `notify` rides on the insert when given: it is delivered at commit, with the job visible.
 */
function insertStatement(withKeys: boolean): Statement {
  const notify = `$${firstFreeParameter + (withKeys ? 1 : 0)}::text`;
  return {
    name: "jobs.insert",
    text: `
with ${inputCte(withKeys ? [["key_window_ms", "float8"]] : [])},
${
  withKeys
    ? `new_keys as (
  insert into millrace.job_keys (tenant_id, key, job_id, request_hash, expires_at)
  select tenant_id, idempotency_key, id, request_hash, now() + key_window_ms * interval '1 millisecond'
  from input where idempotency_key is not null
  order by tenant_id, idempotency_key
  on conflict (tenant_id, key) do nothing returning job_id
),
fresh as materialized (
  select * from input i where i.idempotency_key is null or i.id in (select job_id from new_keys)
),`
    : `fresh as (select * from input),`
}
${newJobsCte("fresh")},
${enqueueAgain("fresh", { announced: true })}
select now() as now, ${withKeys ? "array(select job_id::text from new_keys)" : "'{}'::text[]"} as "newKeys",
  case when ${notify} is not null then pg_notify('millrace_jobs', ${notify}) end as notified,
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

const valueOf: Readonly<Record<(typeof jobColumns)[number][0], (job: PreparedJob) => null | number | string | Date>> = {
  id: (job) => job.id,
  tenant_id: (job) => job.tenantId,
  queue: (job) => job.queue,
  type: (job) => job.type,
  priority: (job) => job.priority,
  max_attempts: (job) => job.maxAttempts,
  timeout_ms: (job) => job.timeoutMs ?? null,
  at: (job) => job.scheduledAt ?? null,
  delay_ms: (job) => job.delayMs ?? null,
  idempotency_key: (job) => job.idempotencyKey ?? null,
  request_hash: (job) => job.requestHash ?? null,
  concurrency_key: (job) => job.concurrencyKey ?? null,
  tags: (job) => textArray(job.tags),
  retry: (job) => (job.retry === undefined ? null : JSON.stringify(job.retry)),
  payload: (job) => job.payload,
  traceparent: (job) => job.traceparent ?? null,
  trace_id: (job) => job.traceId ?? null,
};

/** The jobs as arrays, a column each. */
export function jobParameters(
  jobs: readonly PreparedJob[],
  columns: readonly (typeof jobColumns)[number][] = jobColumns,
): readonly Parameter[] {
  return columns.map(([name]) => jobs.map(valueOf[name]));
}

function isDue(job: PreparedJob): boolean {
  return (
    job.delayMs === undefined &&
    job.scheduledAt === undefined &&
    job.concurrencyKey === undefined &&
    job.idempotencyKey === undefined
  );
}

/** Inserts jobs whose keys, if they have any, are taken already; nothing of it is in effect when it throws. */
export async function insertUnkeyed(db: Executor, jobs: readonly PreparedJob[], notify: string | null): Promise<Date> {
  const [row] = jobs.every(isDue)
    ? await db.query<{ now: Date }>(insertDue, [...jobParameters(jobs, dueColumns), notify])
    : await db.query<{ now: Date }>(insertPlain, [...jobParameters(jobs), notify]);
  if (row === undefined) throw new MillraceError("INTERNAL", "The insert answered nothing.");
  return row.now;
}

/** Inserts the jobs that have no key or whose key is free; nothing of it is in effect when it throws. */
export async function insert(db: Executor, jobs: readonly PreparedJob[], notify: string | null): Promise<Inserted> {
  if (!jobs.some((job) => job.idempotencyKey !== undefined)) {
    return { now: await insertUnkeyed(db, jobs, notify), keyTaken: [] };
  }
  const [row] = await db.query<{ now: Date; newKeys: readonly string[] }>(insertKeyed, [
    ...jobParameters(jobs),
    jobs.map((job) => job.keyWindowMs ?? null),
    notify,
  ]);
  if (row === undefined) throw new MillraceError("INTERNAL", "The insert answered nothing.");
  const entered = new Set(row.newKeys);
  return {
    now: row.now,
    keyTaken: jobs.filter((job) => job.idempotencyKey !== undefined && !entered.has(job.id)),
  };
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
export function textArray(values: readonly string[]): string {
  if (values.length === 0) return "{}";
  return `{${values.map((value) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}
