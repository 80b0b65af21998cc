import type { DuckDBConnection } from "@duckdb/node-api";

import { exportedAttemptColumns, exportedJobColumns } from "@millrace/storage";

import { quoteText } from "../../duckdb-types.ts";

const typesOf: Readonly<Record<string, string>> = {
  id: "UUID",
  job_id: "UUID",
  priority: "INTEGER",
  attempts: "INTEGER",
  max_attempts: "INTEGER",
  attempt: "INTEGER",
  fence: "INTEGER",
  created_at: "TIMESTAMPTZ",
  scheduled_at: "TIMESTAMPTZ",
  started_at: "TIMESTAMPTZ",
  completed_at: "TIMESTAMPTZ",
  ended_at: "TIMESTAMPTZ",
};

/** Four values of 64 KiB at most, whatever else a job has, and every quote twice. */
const lineBytesMax = 1_048_576;

export interface PageFiles {
  readonly jobs: string;
  readonly attempts: string;
}

/** Makes the temporary tables `page_jobs` and `page_attempts` of the connection from a page's CSV files. */
export async function loadPage(connection: DuckDBConnection, files: PageFiles): Promise<void> {
  await connection.run(
    `create or replace temp table page_jobs as from ${readCsv(files.jobs, Object.keys(exportedJobColumns))}`,
  );
  await connection.run(
    `create or replace temp table page_attempts as from ${readCsv(files.attempts, Object.keys(exportedAttemptColumns))}`,
  );
}

/** Nothing is guessed: PostgreSQL quotes what is text and leaves null empty, and lines end in a bare line feed, whatever a text holds. */
function readCsv(file: string, names: readonly string[]): string {
  const columns = names.map((name) => `${quoteText(name)}: ${quoteText(typesOf[name] ?? "VARCHAR")}`);
  return `read_csv(${quoteText(file)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
    new_line = '\\n', parallel = false, max_line_size = ${lineBytesMax}, buffer_size = ${2 * lineBytesMax}, columns = {${columns.join(", ")}})`;
}

/** The tenants that have a row in the page. */
export async function tenantsOf(connection: DuckDBConnection): Promise<readonly string[]> {
  const result = await connection.runAndReadAll(
    "select tenant_id from page_jobs union select tenant_id from page_attempts order by 1",
  );
  return result.getRowsJson().map(([tenantId]) => tenantId as string);
}
