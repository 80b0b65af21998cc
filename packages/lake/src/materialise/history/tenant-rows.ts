import { systemJobAttempts, systemJobs } from "@millrace/storage";

import { quoteName, quoteText } from "../../duckdb-types.ts";

/** Offsets of a page: so many rows of a tenant's table at most, and pages for ever. They rise from page to page, and have nothing to do with those of the log. */
const rowsOfPage = 16_777_216;

/** Text that is no JSON for DuckDB, such as one with half of a surrogate pair, becomes a JSON string of itself, so no value keeps a page back. */
const asJson = (column: string) => `coalesce(try_cast(${column} as json), to_json(${column}))`;

const milliseconds = (from: string, to: string) => `(epoch_us(${to}) - epoch_us(${from})) / 1000.0`;

/** How each column is made that isn't the page's own. Whoever was cancelled while pending has the start of an attempt that ended long before. */
const jobValues: Readonly<Record<string, string>> = {
  tags: "from_json(tags, '[\"VARCHAR\"]')",
  payload: asJson("payload"),
  result: asJson("result"),
  errors: asJson("errors"),
  wait_ms: `case when worker is not null then ${milliseconds("scheduled_at", "started_at")} end`,
  run_ms: `case when worker is not null then ${milliseconds("started_at", "completed_at")} end`,
};

const attemptValues: Readonly<Record<string, string>> = { run_ms: milliseconds("started_at", "ended_at") };

/** The attempts that completed jobs have no row of their own: the job tells of them. */
const attemptRows = (tenant: string) => `
  select * from page_attempts where tenant_id = ${tenant}
  union all by name
  select tenant_id, id as job_id, fence, queue, type, attempts as attempt, 'completed' as outcome, worker, started_at, completed_at as ended_at
  from page_jobs where tenant_id = ${tenant} and status = 'completed'`;

/** Queries of a tenant's rows of a page, with all columns of the table. `table` is the system table's name. */
export function tenantRowsSql(table: string, tenantId: string, pageNo: number): string {
  const tenant = quoteText(tenantId);
  return table === systemJobs.name
    ? rowsSql(systemJobs.columns, jobValues, `select * from page_jobs where tenant_id = ${tenant}`, pageNo, {
        time: "completed_at",
        order: "completed_at, id",
      })
    : rowsSql(systemJobAttempts.columns, attemptValues, attemptRows(tenant), pageNo, {
        time: "ended_at",
        order: "ended_at, job_id, fence",
      });
}

function rowsSql(
  columns: readonly { readonly name: string }[],
  values: Readonly<Record<string, string>>,
  from: string,
  pageNo: number,
  { time, order }: { readonly time: string; readonly order: string },
): string {
  const own = columns.map(({ name }) => `${values[name] ?? quoteName(name)} as ${quoteName(name)}`);
  return `select ${own.join(", ")}, ${pageNo}::bigint * ${rowsOfPage} + row_number() over (order by ${order}) as _offset,
    now() as _ingested_at, ${time} as _event_time, '' as _key, 'insert' as _op
  from (${from})`;
}
