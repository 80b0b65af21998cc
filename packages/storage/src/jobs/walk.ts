import { isTerminal, type JobStatus } from "@millrace/contract";

import type { Parameter } from "../executor.ts";
import { idAfter, idBefore, idMax, lowerId } from "../id-time.ts";
import type { JobConditions } from "./job-store.ts";

/** How many rows of each table a page examines before it answers what it has, with a cursor to go on. */
const rowsExaminedMax = 5_000;

interface Source {
  readonly name: "hot" | "cold";
  readonly table: string;
  /** A condition for the walk itself. */
  readonly within: string;
  /** A condition on what was examined. */
  readonly matching: string;
  /** The columns of a row `w` that is shown. */
  readonly columns: string;
}

export interface Walk {
  readonly parameters: readonly Parameter[];
  /** The CTEs `hot` and `cold`, as many of them as are needed. */
  readonly ctes: string;
  /** Selects what the walks found. */
  readonly found: string;
  /** Selects, for each table that stopped at its bound, the last id it examined. */
  readonly stops: string;
}

/**
 * Walks tables down their (tenant, id) index, newest first, and filters on the way, a bounded number of rows at a time, at most `limit` found (`$4`).
 * A table that stopped at its bound hides what lies below its last row, so nothing below the highest such row may be shown yet: a walk by cursor
 * shows each job that is there throughout exactly once, however rare the matches are.
 */
export function walkJobs(
  filter: JobConditions,
  limit: number,
  columns: { readonly hot: string; readonly cold: string },
): Walk {
  const upper = lowerId(filter.beforeId ?? idMax, idAfter(filter.createdBefore));
  const parameters: Parameter[] = [filter.tenantId, upper, idBefore(filter.createdAfter), limit];
  const bind = (value: Parameter, type: string) => `$${parameters.push(value)}::${type}`;
  const conditions = conditionsOf(filter, bind);
  const sources = sourcesOf(filter.statuses, bind, columns);
  return {
    parameters,
    ctes: sources.map((source) => walk(source, conditions)).join(","),
    found: sources.map(({ name }) => `select * from ${name}`).join(" union all "),
    stops: sources.map(lastExamined).join(" union all "),
  };
}

/** Of found ids and stops, the lowest id that may be shown. */
export function horizonOf(stops: readonly string[] | undefined): string | undefined {
  return [...(stops ?? [])].toSorted().at(-1);
}

function conditionsOf(filter: JobConditions, bind: (value: Parameter, type: string) => string): string {
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
  return conditions.join(" and ");
}

function sourcesOf(
  statuses: readonly JobStatus[] | undefined,
  bind: (value: Parameter, type: string) => string,
  columns: { readonly hot: string; readonly cold: string },
): readonly Source[] {
  const hot = statuses?.filter((status) => !isTerminal(status));
  const cold = statuses?.filter(isTerminal);
  const sources: Source[] = [];
  if (hot?.length !== 0) {
    const [only] = hot?.length === 1 ? hot : [];
    const matching = only === undefined ? "true" : `w.claim_id is ${only === "running" ? "not null" : "null"}`;
    sources.push({ name: "hot", table: "millrace.jobs", within: "true", matching, columns: columns.hot });
  }
  if (cold?.length !== 0) {
    // Listed one by one, so that only the partitions of these statuses are read.
    const list = cold?.map((status) => bind(status, "millrace.job_status")).join(", ");
    const within = list === undefined ? "true" : `s.status in (${list})`;
    sources.push({ name: "cold", table: "millrace.job_history", within, matching: "true", columns: columns.cold });
  }
  return sources;
}

/** Examines rows lazily: it ends at the bound, or as soon as the page is full. */
function walk(source: Source, conditions: string): string {
  return `
${source.name} as materialized (
  select ${source.columns} from (
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
