import type { Executor, Statement } from "../../executor.ts";

/** An object has an intent from before its upload to its publication, and a file's row from then on: one snapshot of both misses none. */
const knownPathsStatement: Statement = {
  name: "lake.known_paths",
  text: `
select f.path from millrace.lake_files f where f.path = any($1::text[]) and f.deleted_at is null
union
select i.path from millrace.lake_intents i where i.path = any($1::text[])`,
};

/** Those of the paths that a file's row or an intent names. */
export async function knownPaths(db: Executor, paths: readonly string[]): Promise<readonly string[]> {
  return (await db.query<{ path: string }>(knownPathsStatement, [paths])).map(({ path }) => path);
}
