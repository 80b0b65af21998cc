import type { Executor, Statement } from "../executor.ts";

const beforeAll = "00000000-0000-0000-0000-000000000000";

/** The function holds the argument why what it finds gone can't come back (migration 0003). */
const cancelOrphansStatement: Statement = {
  name: "jobs.cancelOrphans",
  text: `select c.cancelled, c.last from millrace.cancel_dependents_of_dropped($1::uuid, $2::integer) c`,
};

/** Cancels the jobs that wait for one that left history with its partition, looking at `step` jobs at a time; answers how many such there were. */
export async function cancelOrphans(db: Executor, step: number): Promise<number> {
  let gone = 0;
  for (let after: string | null = beforeAll; after !== null;) {
    const rows: readonly { readonly cancelled: number; readonly last: string | null }[] = await db.query(
      cancelOrphansStatement,
      [after, step],
      { timeoutMs: 30_000 },
    );
    gone += rows[0]?.cancelled ?? 0;
    after = rows[0]?.last ?? null;
  }
  return gone;
}
