import type { Executor, Statement } from "../executor.ts";
import type { JobAttempt, JobLogLine, JobRef, WatchedJob } from "./job-store.ts";
import { asAttempt } from "./list-attempts.ts";

/** How much one read brings; whoever gets so many reads on. */
const pageMax = 500;

/** Attempts are recorded in the order of their fences, each with the change that ends it. */
const attemptsAfterStatement: Statement = {
  name: "jobs.attemptsAfter",
  text: `
select r.fence, r.attempt, r.outcome, r.worker, r.started_at as "startedAt", r.ended_at as "endedAt", r.message, r.stack
from millrace.job_attempts r where r.tenant_id = $1::text and r.job_id = $2::uuid and r.fence > $3::integer
order by r.fence limit ${pageMax}`,
};

/** The numbers of a job's lines rise in the order of their commits (see append-logs), so nothing appears below one that was read. */
const logsAfterStatement: Statement = {
  name: "jobs.logsAfter",
  text: `
select g.seq, g.logged_at as "loggedAt", g.attempt, g.level, g.message
from millrace.job_logs g where g.tenant_id = $1::text and g.job_id = $2::uuid and g.seq > $3::bigint
order by g.seq limit ${pageMax}`,
};

/**
 * Reads unfinished jobs by their primary key alone; whichever is missing has ended. A row's xmin changes with every write to it, whatever wrote. Whoever
 * watches the log has read it to its end before, so only what is new can be news.
 */
const versionsStatement: Statement = {
  name: "jobs.versions",
  text: `
select j.id, j.xmin::text || case when t.logs then coalesce('/' || (
  select g.seq from millrace.job_logs g
  where g.tenant_id = j.tenant_id and g.job_id = j.id and g.logged_at > now() - interval '1 hour' order by g.seq desc limit 1
), '') else '' end as version
from unnest($1::uuid[], $2::boolean[]) as t(id, logs) join millrace.jobs j on j.id = t.id`,
};

/** The recorded attempts behind a fence, in their order, a bounded number. */
export async function attemptsAfter(db: Executor, ref: JobRef, fence: number): Promise<readonly JobAttempt[]> {
  return (await db.query<Parameters<typeof asAttempt>[0]>(attemptsAfterStatement, [ref.tenantId, ref.id, fence])).map(
    asAttempt,
  );
}

/** The log lines behind a number, in their order, a bounded number. */
export function logsAfter(db: Executor, ref: JobRef, seq: number): Promise<readonly JobLogLine[]> {
  return db.query<JobLogLine>(logsAfterStatement, [ref.tenantId, ref.id, seq]);
}

/** What changes whenever an unfinished job does; one that is finished, or gone, is absent. */
export async function jobVersions(db: Executor, watched: readonly WatchedJob[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query<{ id: string; version: string }>(versionsStatement, [
    watched.map(({ id }) => id),
    watched.map(({ logs }) => logs),
  ]);
  return new Map(rows.map(({ id, version }) => [id, version]));
}
