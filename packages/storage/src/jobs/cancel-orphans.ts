import type { Executor, Statement } from "../executor.ts";

/** The function holds the argument why what it finds gone can't come back (migration 0003). */
const cancelOrphansStatement: Statement = {
  name: "jobs.cancelOrphans",
  text: `select millrace.cancel_dependents_of_dropped($1::integer) as n`,
};

/** Cancels the jobs that wait for one that left history with its partition; answers how many such there were, at most `limit`. */
export async function cancelOrphans(db: Executor, limit: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(cancelOrphansStatement, [limit], { timeoutMs: 30_000 });
  return row?.n ?? 0;
}
