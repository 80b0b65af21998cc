import type { Executor } from "../executor.ts";
import type { Migration } from "./read-migrations.ts";
import { splitStatements } from "./split-statements.ts";

const createIndex = /^create\s+(?:unique\s+)?index\s+concurrently\s+if\s+not\s+exists\s+(?:"([^"]+)"|(\w+))/i;

/** An index that its interrupted build left invalid would satisfy IF NOT EXISTS for ever, so it has to go before the retry. */
const statement = {
  name: "invalid_indexes.read",
  text: `select format('drop index concurrently if exists %I.%I', n.nspname, c.relname) as sql
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
where not i.indisvalid and n.nspname = 'millrace' and c.relname = $1`,
};

/** The statements that remove what an interrupted CREATE INDEX CONCURRENTLY of this migration left. */
export async function dropInvalidIndexes(executor: Executor, { up }: Migration): Promise<readonly string[]> {
  const [, quoted, plain] = createIndex.exec(splitStatements(up.sql)[0] ?? "") ?? [];
  const index = quoted ?? plain?.toLowerCase();
  if (up.markers.mode === "transaction" || index === undefined) return [];
  const rows = await executor.query<{ sql: string }>(statement, [index]);
  return rows.map(({ sql }) => sql);
}
