/** Columns that a job keeps for life: those of the product's tables. */
const carried = {
  id: "uuid not null",
  tenant_id: "text not null",
  queue: "text not null",
  type: "text not null",
  priority: "smallint not null default 0",
  attempts: "smallint not null default 0",
  max_attempts: "smallint not null default 20",
  fence: "integer not null default 0",
  timeout_ms: "integer",
  locked_at: "timestamptz",
  scheduled_at: "timestamptz not null default now()",
  started_at: "timestamptz",
  created_at: "timestamptz not null default now()",
  locked_by: "text",
  idempotency_key: "text",
  concurrency_key: "text",
  last_error: "text",
  traceparent: "text",
  trace_id: "text",
  tags: "text[] not null default '{}'",
  retry: "jsonb",
  errors: "jsonb not null default '[]'",
  progress: "json",
  payload: "json not null",
} as const;

/** The name of a column that a job keeps for life. */
export type CarriedColumn = keyof typeof carried;

/** Those columns in one order. */
export const carriedColumns = Object.keys(carried) as readonly CarriedColumn[];

const columnsOfLife = Object.entries(carried)
  .map(([name, definition]) => `${name} ${definition}`)
  .join(", ");
const columnsOfClaim = "claim_id uuid, lease_expires_at timestamptz, updated_at timestamptz not null default now()";
const columnsOfEnd = "status text not null default 'pending', completed_at timestamptz, result json";
const columnsOfHistory = `${columnsOfLife}, updated_at timestamptz not null, ${columnsOfEnd}`;
const dayMs = 86_400_000;

/** `jobs` as one table; `fillfactor` 50 where its rows are updated in place. */
export function jobsTable(fillfactor: number): string {
  return `create table jobs (${columnsOfLife}, ${columnsOfClaim}, ${columnsOfEnd}, primary key (id)) with (fillfactor = ${fillfactor});
    create index on jobs (tenant_id, id);`;
}

/** `jobs` in parts by the time in its ids, a day each; the last begins at `nowMs`, so that a load of old and new jobs meets two. */
export function jobsTableByIds(parts: number, nowMs: number): string {
  const edges = Array.from({ length: parts - 1 }, (_, part) => `'${firstId(nowMs + (part + 2 - parts) * dayMs)}'`);
  return `create table jobs (${columnsOfLife}, ${columnsOfClaim}, ${columnsOfEnd}, primary key (id)) partition by range (id);
    create index on jobs (tenant_id, id);
    ${slices("jobs", ["minvalue", ...edges, "maxvalue"], "with (fillfactor = 50)")}`;
}

/** What can be claimed, and who has claimed what. */
export const queueTables = `
  create table ready (tenant_id text not null, queue text not null, priority smallint not null, scheduled_at timestamptz not null,
    job_id uuid not null, type text not null);
  create index on ready (tenant_id, queue, priority desc, scheduled_at, job_id);
  create table claims (claim_id uuid primary key, worker text not null, job_ids uuid[] not null, lease_expires_at timestamptz not null);
  create index on claims (lease_expires_at);`;

/** A narrow row for each running job. */
export const leasesTable = `
  create table leases (job_id uuid primary key, claim_id uuid not null, fence integer not null, attempt smallint not null,
    started_at timestamptz not null);`;

/** Finished jobs by status, then by completion in `days` days, the last of which is tomorrow: three times as many partitions. */
export function historyTable(name: string, days: number, nowMs: number): string {
  const today = Math.floor(nowMs / dayMs);
  const edges = Array.from(
    { length: days + 1 },
    (_, day) => `'${new Date((today + day + 2 - days) * dayMs).toISOString()}'`,
  );
  const byStatus = ["completed", "dead", "cancelled"].map(
    (status) =>
      `create table ${name}_${status} partition of ${name} for values in ('${status}') partition by range (completed_at);
      ${slices(`${name}_${status}`, edges, "")}`,
  );
  return `create table ${name} (${columnsOfHistory}) partition by list (status);
    create index on ${name} (tenant_id, id);
    ${byStatus.join("\n")}`;
}

function slices(table: string, edges: readonly string[], storage: string): string {
  return edges
    .slice(1)
    .map(
      (to, slice) =>
        `create table ${table}_${slice} partition of ${table} for values from (${edges[slice]}) to (${to}) ${storage};`,
    )
    .join("\n");
}

/** The lowest id that a job made at that time can have. */
function firstId(atMs: number): string {
  const hex = Math.floor(atMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
