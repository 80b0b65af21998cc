import type { DirectConnection } from "@millrace/storage";

import type { BloatSample } from "./record.ts";

const worstMax = 3;

/** Dead tuples and size of a database's tables, TOAST included. */
export async function readTables(
  connection: DirectConnection,
): Promise<Pick<BloatSample, "deadTuples" | "worst" | "bytes">> {
  const tables = await connection.query<{ name: string; dead: number; bytes: number }>({
    name: "dead tuples",
    text: `
select relname as name, n_dead_tup::float8 as dead, pg_total_relation_size(relid)::float8 as bytes
from pg_stat_user_tables order by n_dead_tup desc, relname`,
  });
  const sum = (pick: (table: { dead: number; bytes: number }) => number) =>
    tables.reduce((total, table) => total + pick(table), 0);
  return {
    deadTuples: sum(({ dead }) => dead),
    worst: Object.fromEntries(tables.slice(0, worstMax).map(({ name, dead }) => [name, dead])),
    bytes: sum(({ bytes }) => bytes),
  };
}
