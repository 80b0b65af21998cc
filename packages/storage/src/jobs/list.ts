import type { Executor } from "../executor.ts";
import { asJob, finishedJob, hotJob, leaseDeadline } from "./columns.ts";
import type { Job, JobFilter, JobPage } from "./job-store.ts";
import { horizonOf, walkJobs } from "./walk.ts";

/** A page ends when its jobs have this many bytes of JSON, however few they are; one job always fits. */
const pageBytesMax = 8 * 1024 * 1024;

/** A job of the page, or the one row of an empty page; with, for each table that stopped at its bound, the last id it examined. */
type Row = (Job | { readonly id: null }) & {
  readonly stops: readonly string[];
  readonly bytes: number | null;
  readonly before: number | null;
  /** How many jobs the page would have had without the bound on its bytes. */
  readonly found: number | null;
};

/** Newest first by keyset, see `walkJobs`. One statement, one snapshot: a job that moves into history meanwhile is seen in one of the two. */
export async function list(db: Executor, { status, ...filter }: JobFilter): Promise<JobPage> {
  const conditions = { ...filter, statuses: status === undefined ? undefined : [status] };
  const walk = walkJobs(conditions, filter.limit + 1, {
    hot: `${hotJob("w", leaseDeadline("w"))}, ${bytesOf("payload", "errors")} as bytes`,
    cold: `${finishedJob("w")}, ${bytesOf("payload", "errors", "result")} as bytes`,
  });
  const text = `
with ${walk.ctes}
select p.*, array(${walk.stops}) as stops
from (values (1)) as always left join (
  select f.*, sum(f.bytes) over (order by f.id desc) - f.bytes as before, count(*) over () as found from (
    ${walk.found} order by id desc limit $4::integer
  ) f
) p on p.before < ${pageBytesMax} order by p.id desc`;
  return pageOf(await db.query<Row>({ name: "jobs.list", text }, walk.parameters), filter.limit);
}

function bytesOf(...columns: readonly string[]): string {
  return columns.map((column) => `coalesce(octet_length(w.${column}::text), 0)`).join(" + ");
}

function pageOf(rows: readonly Row[], limit: number): JobPage {
  const horizon = horizonOf(rows[0]?.stops);
  const found = rows.flatMap(({ stops: _, bytes: __, before: ___, found: ____, ...row }) =>
    row.id === null ? [] : [asJob(row)],
  );
  const shown = found.filter((job) => horizon === undefined || job.id >= horizon).slice(0, limit);
  const isCut = (rows[0]?.found ?? 0) > shown.length && shown.length === Math.min(found.length, limit);
  if (isCut) return { jobs: shown, nextBeforeId: shown.at(-1)?.id ?? null };
  return { jobs: shown, nextBeforeId: horizon ?? null };
}
