import type { Executor, Statement } from "../executor.ts";
import type { PreparedJob } from "./insert.ts";

/** One snapshot of keys alone: whether the job is still there is for the caller to find out. */
const existingKeysStatement: Statement = {
  name: "jobs.existingKeys",
  text: `
select k.tenant_id as "tenantId", k.key, k.job_id as "jobId", k.request_hash as "requestHash", coalesce(k.expires_at <= now(), false) as expired
from unnest($1::text[], $2::text[]) as t(tenant_id, key) join millrace.job_keys k on k.tenant_id = t.tenant_id and k.key = t.key`,
};

export interface ExistingKey {
  readonly jobId: string;
  readonly sameRequest: boolean;
  /** Its window has passed: it is free. */
  readonly expired: boolean;
}

/** What each taken key names, in input order; undefined where the key was freed meanwhile. */
export async function existingKeys(
  db: Executor,
  jobs: readonly PreparedJob[],
): Promise<readonly (ExistingKey | undefined)[]> {
  if (jobs.length === 0) return [];
  const rows = await db.query<{
    tenantId: string;
    key: string;
    jobId: string;
    requestHash: string;
    expired: boolean;
  }>(existingKeysStatement, [jobs.map((job) => job.tenantId), jobs.map((job) => job.idempotencyKey ?? "")]);
  const byKey = new Map(rows.map((row) => [`${row.tenantId}/${row.key}`, row]));
  return jobs.map((job) => {
    const row = byKey.get(`${job.tenantId}/${job.idempotencyKey}`);
    return row && { jobId: row.jobId, sameRequest: isSameRequest(row.requestHash, job), expired: row.expired };
  });
}

/** `millrace.enqueue` makes its digests in its own way, and tells them by this; such a key names its job whatever the request. */
const sqlHashPrefix = "sql:";

/** Whether the key was taken by a request like this one, or by one that can't be compared. */
export function isSameRequest(requestHash: string, job: PreparedJob): boolean {
  return requestHash === job.requestHash || requestHash.startsWith(sqlHashPrefix);
}
