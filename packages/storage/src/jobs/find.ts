import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { anyJob, asJob } from "./columns.ts";
import type { Job, JobRef } from "./job-store.ts";

/** One snapshot over hot table and history: a job that moves between them is seen in exactly one. */
const getStatement: Statement = {
  name: "jobs.get",
  text: `select ${anyJob("a")} from millrace.all_jobs a where a.tenant_id = $1::text and a.id = $2::uuid limit 1`,
};

const getManyStatement: Statement = {
  name: "jobs.getMany",
  text: `
select ${anyJob("a")} from unnest($1::text[], $2::uuid[]) as t(tenant_id, id)
cross join lateral (select * from millrace.all_jobs j where j.tenant_id = t.tenant_id and j.id = t.id limit 1) a`,
};

const getByKeyStatement: Statement = {
  name: "jobs.getByKey",
  text: `
select ${anyJob("a")} from millrace.job_keys k
cross join lateral (select * from millrace.all_jobs j where j.tenant_id = k.tenant_id and j.id = k.job_id limit 1) a
where k.tenant_id = $1::text and k.key = $2::text and (k.expires_at is null or k.expires_at > now())`,
};

/** The error for an unknown id and for another tenant's job alike. */
export function jobNotFound(id: string): MillraceError {
  return new MillraceError("JOB_NOT_FOUND", `There is no job ${id}.`);
}

/** @throws JOB_NOT_FOUND also for another tenant's job. */
export async function getJob(db: Executor, ref: JobRef): Promise<Job> {
  const job = await findJob(db, ref);
  if (job === undefined) throw jobNotFound(ref.id);
  return job;
}

/** Those of the jobs that are there, by id. */
export async function findJobs(db: Executor, refs: readonly JobRef[]): Promise<ReadonlyMap<string, Job>> {
  if (refs.length === 0) return new Map();
  const rows = await db.query<Job>(getManyStatement, [refs.map(({ tenantId }) => tenantId), refs.map(({ id }) => id)]);
  return new Map(rows.map((row) => [row.id, asJob(row)]));
}

/** Like getJob, undefined instead of an error. */
export async function findJob(db: Executor, ref: JobRef): Promise<Job | undefined> {
  const [row] = await db.query<Job>(getStatement, [ref.tenantId, ref.id]);
  return row === undefined ? undefined : asJob(row);
}

/** @throws JOB_NOT_FOUND */
export async function getJobByIdempotencyKey(db: Executor, tenantId: string, key: string): Promise<Job> {
  const [row] = await db.query<Job>(getByKeyStatement, [tenantId, key]);
  if (row === undefined) {
    throw new MillraceError("JOB_NOT_FOUND", `There is no job with the idempotency key ${JSON.stringify(key)}.`);
  }
  return asJob(row);
}
