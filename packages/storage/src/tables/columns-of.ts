import type { Column } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";

/** A row that is never changed. */
const columnsOfStatement: Statement = {
  name: "tables.columns_of",
  text: "select columns from millrace.event_table_versions where table_id = $1::integer and version = $2::integer",
};

/** The columns of a version. */
export async function columnsOf(
  db: Executor,
  tableId: number,
  version: number,
): Promise<readonly Column[] | undefined> {
  const [row] = await db.query<{ readonly columns: readonly Column[] }>(columnsOfStatement, [tableId, version]);
  return row?.columns;
}
