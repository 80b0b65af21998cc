import type { DuckDBConnection } from "@duckdb/node-api";

import type { Column } from "@millrace/contract";

import { quoteName, withSystemColumns } from "../duckdb-types.ts";

/** What tells whether two sets of rows are the same, whatever their order. */
export interface Fingerprint {
  readonly rowCount: number;
  /** The sum of the hashes of all rows, each over every column: a row that is there twice counts twice. */
  readonly hash: string;
}

/** The fingerprint of a query's rows, which have a table's columns and the system's. */
export async function fingerprint(
  connection: DuckDBConnection,
  query: string,
  columns: readonly Column[],
): Promise<Fingerprint> {
  const names = withSystemColumns(columns).map(({ name }) => quoteName(name));
  const result = await connection.runAndReadAll(
    `select count(*), coalesce(sum(hash(${names.join(", ")})), 0)::varchar from (${query})`,
  );
  const [row] = result.getRowsJS();
  return { rowCount: Number(row?.[0]), hash: row?.[1] as string };
}
