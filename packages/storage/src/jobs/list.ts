import { isTerminal } from "@millrace/contract";

import type { Executor, Parameter } from "../executor.ts";
import { asJob, finishedJob, hotJob, leaseDeadline } from "./columns.ts";
import type { Job, JobFilter, JobPage } from "./job-store.ts";

/** How many rows of each table a page examines before it answers what it has, with a cursor to go on. */
const rowsExaminedMax = 5_000;

/** A page ends when its jobs have this many bytes of JSON, however few they are; one job always fits. */
const pageBytesMax = 8 * 1024 * 1024;

/** How far the clock that makes ids may be from the database's, where times become bounds on ids. */
const clockSlackMs = 24 * 3_600_000;

const idMax = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const idMin = "00000000-0000-0000-0000-000000000000";

/** A job of the page, or the one row of an empty page; with, for each table that stopped at its bound, the last id it examined. */
type Row = (Job | { readonly id: null }) & {
  readonly stops: readonly string[];
  readonly bytes: number | null;
  readonly before: number | null;
  /** How many jobs the page would have had without the bound on its bytes. */
  readonly found: number | null;
};

interface Source {
  readonly name: "hot" | "cold";
  readonly table: string;
  /** A condition for the walk itself. */
  readonly within: string;
  /** A condition on what was examined. */
  readonly matching: string;
  readonly job: string;
  /** How many bytes of JSON the job has. */
  readonly bytes: string;
}

/**
 * Newest first by keyset. Each table is walked down its (tenant, id) index and filtered on the way, a bounded number of rows at a time.
 * A table that stopped at its bound hides what lies below its last row, so nothing below the highest such row is shown yet: a walk
 * by cursor shows each job that is there throughout exactly once, however rare the matches are. One statement, one snapshot: a job that
 * moves into history meanwhile is seen in one of the two.
 */
export async function list(db: Executor, filter: JobFilter): Promise<JobPage> {
  const parameters: Parameter[] = [filter.tenantId, upperId(filter), lowerId(filter), filter.limit + 1];
  const bind = (value: Parameter, type: string) => `$${parameters.push(value)}::${type}`;
  const conditions = ["true"];
  if (filter.queue !== undefined) conditions.push(`w.queue = ${bind(filter.queue, "text")}`);
  if (filter.type !== undefined) conditions.push(`w.type = ${bind(filter.type, "text")}`);
  if (filter.tag !== undefined) conditions.push(`${bind(filter.tag, "text")} = any(w.tags)`);
  if (filter.idempotencyKey !== undefined) {
    conditions.push(`w.idempotency_key = ${bind(filter.idempotencyKey, "text")}`);
  }
  if (filter.createdAfter !== undefined) {
    conditions.push(`w.created_at > ${bind(filter.createdAfter, "timestamptz")}`);
  }
  if (filter.createdBefore !== undefined) {
    conditions.push(`w.created_at < ${bind(filter.createdBefore, "timestamptz")}`);
  }
  if (filter.scheduledBefore !== undefined) {
    conditions.push(`w.scheduled_at < ${bind(filter.scheduledBefore, "timestamptz")}`);
  }

  const sources: Source[] = [];
  const { status } = filter;
  if (status === undefined || !isTerminal(status)) {
    const matching = status === undefined ? "true" : `w.claim_id is ${status === "running" ? "not null" : "null"}`;
    const job = hotJob("w", leaseDeadline("w"));
    sources.push({
      name: "hot",
      table: "millrace.jobs",
      within: "true",
      matching,
      job,
      bytes: bytesOf("payload", "errors"),
    });
  }
  if (status === undefined || isTerminal(status)) {
    const within = status === undefined ? "true" : `s.status = ${bind(status, "millrace.job_status")}`;
    const job = finishedJob("w");
    sources.push({
      name: "cold",
      table: "millrace.job_history",
      within,
      matching: "true",
      job,
      bytes: bytesOf("payload", "errors", "result"),
    });
  }
  const text = `
with ${sources.map((source) => walk(source, conditions.join(" and "))).join(",")}
select p.*, array(${sources.map(lastExamined).join(" union all ")}) as stops
from (values (1)) as always left join (
  select f.*, sum(f.bytes) over (order by f.id desc) - f.bytes as before, count(*) over () as found from (
    ${sources.map((source) => `select * from ${source.name}`).join(" union all ")} order by id desc limit $4::integer
  ) f
) p on p.before < ${pageBytesMax} order by p.id desc`;
  return pageOf(await db.query<Row>({ name: "jobs.list", text }, parameters), filter.limit);
}

function bytesOf(...columns: readonly string[]): string {
  return columns.map((column) => `coalesce(octet_length(w.${column}::text), 0)`).join(" + ");
}

/** Examines rows lazily: it ends at the bound, or as soon as the page is full. */
function walk(source: Source, conditions: string): string {
  return `
${source.name} as materialized (
  select ${source.job}, ${source.bytes} as bytes from (
    select s.* from ${source.table} s where ${inRange(source)} order by s.id desc limit ${rowsExaminedMax}
  ) w where ${source.matching} and ${conditions} order by w.id desc limit $4::integer
)`;
}

/** The last id that a walk examined, where it stopped at its bound without filling the page. */
function lastExamined(source: Source): string {
  return `(select s.id::text from ${source.table} s
    where (select count(*) from ${source.name}) < $4::integer and ${inRange(source)}
    order by s.id desc offset ${rowsExaminedMax - 1} limit 1)`;
}

function inRange(source: Source): string {
  return `s.tenant_id = $1::text and s.id < $2::uuid and s.id > $3::uuid and ${source.within}`;
}

function pageOf(rows: readonly Row[], limit: number): JobPage {
  const horizon = [...(rows[0]?.stops ?? [])].toSorted().at(-1);
  const found = rows.flatMap(({ stops: _, bytes: __, before: ___, found: ____, ...row }) =>
    row.id === null ? [] : [asJob(row)],
  );
  const shown = found.filter((job) => horizon === undefined || job.id >= horizon).slice(0, limit);
  const isCut = (rows[0]?.found ?? 0) > shown.length && shown.length === Math.min(found.length, limit);
  if (isCut) return { jobs: shown, nextBeforeId: shown.at(-1)?.id ?? null };
  return { jobs: shown, nextBeforeId: horizon ?? null };
}

function upperId(filter: JobFilter): string {
  const bounds = [filter.beforeId ?? idMax];
  if (filter.createdBefore !== undefined) bounds.push(idAt(filter.createdBefore.getTime() + clockSlackMs));
  return bounds.toSorted()[0] ?? idMax;
}

function lowerId(filter: JobFilter): string {
  return filter.createdAfter === undefined ? idMin : idAt(filter.createdAfter.getTime() - clockSlackMs);
}

/** The lowest UUIDv7 of a millisecond. */
function idAt(epochMs: number): string {
  const hex = Math.min(Math.max(0, epochMs), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
