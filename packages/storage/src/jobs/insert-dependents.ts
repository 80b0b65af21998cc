import type { Executor, Statement } from "../executor.ts";
import { carriedColumns } from "./columns.ts";
import { enqueueAgain } from "./enqueue-again.ts";
import { firstFreeParameter, inputCte, jobParameters, newJobsCte } from "./insert.ts";
import { keepFinished } from "./keep-finished.ts";
import type { Placed } from "./place-dependents.ts";

const edgesAt = firstFreeParameter + 2;

/** What a job that is cancelled as it enters has in columns that a request does not give. */
const stillbornColumns: Readonly<Partial<Record<(typeof carriedColumns)[number], string>>> = {
  attempts: "0::smallint",
  fence: "0",
  locked_at: "null::timestamptz",
  started_at: "null::timestamptz",
  created_at: "now()",
  locked_by: "null::text",
  last_error: "i.cancelled_because",
  tags: "i.tags::text[]",
  retry: "i.retry::jsonb",
  errors: "'[]'::jsonb",
  progress: "null::json",
  payload: "i.payload::json",
};

/**
 * Inserts jobs that depend on others, in one statement: in line when nothing is left to wait for, else in blocked with an edge for each job that they wait for;
 * those that can never run go straight into history. The jobs they depend on are locked by the caller's transaction, so none of them ends before this commits.
 */
const insertDependentsStatement: Statement = {
  name: "jobs.insertDependents",
  text: `
with ${inputCte([
    ["on_failure", "text"],
    ["cancelled_because", "text"],
  ])},
fresh as (select * from input where cancelled_because is null),
${newJobsCte("fresh")},
line as (select * from fresh where on_failure is null),
${enqueueAgain("line", { announced: true })},
waiting as (
  insert into millrace.blocked (job_id, tenant_id, queue, priority, scheduled_at, type, concurrency_key, on_failure)
  select id, tenant_id, queue, priority, scheduled_at, type, concurrency_key, on_failure from fresh where on_failure is not null
),
edges as (
  insert into millrace.job_dependencies (job_id, depends_on, tenant_id)
  select * from unnest($${edgesAt}::uuid[], $${edgesAt + 1}::uuid[], $${edgesAt + 2}::text[])
),
stillborn as (
  select ${carriedColumns.map((column) => `${stillbornColumns[column] ?? `i.${column}`} as ${column}`).join(", ")}
  from input i where i.cancelled_because is not null
),
${keepFinished("stillborn", "cancelled")}
select case when $${edgesAt + 3}::text is not null then pg_notify('millrace_jobs', $${edgesAt + 3}::text) end as notified,
  exists (select from checks_again) as "needsAdmission"`,
};

/** Inserts jobs as they were placed. */
export async function insertDependents(tx: Executor, placed: readonly Placed[], notify: string | null): Promise<void> {
  const edges = placed.flatMap(({ job, waitsFor }) => waitsFor.map((on) => ({ job, on })));
  await tx.query(insertDependentsStatement, [
    ...jobParameters(placed.map(({ job }) => job)),
    placed.map(({ job, waitsFor }) => (waitsFor.length > 0 ? (job.onDependencyFailure ?? "cancel") : null)),
    placed.map(({ cancelledBecause }) => cancelledBecause),
    edges.map(({ job }) => job.id),
    edges.map(({ on }) => on),
    edges.map(({ job }) => job.tenantId),
    notify,
  ]);
}
