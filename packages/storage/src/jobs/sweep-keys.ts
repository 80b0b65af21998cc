import type { Executor, Statement } from "../executor.ts";

/** SKIP LOCKED leaves a key that somebody is taking over just now, and the window is read from the locked row: a key that was taken over is not deleted. */
const sweepKeysStatement: Statement = {
  name: "jobs.sweepKeys",
  text: `
with gone as (
  delete from millrace.job_keys k where k.ctid = any(array(
    select e.ctid from millrace.job_keys e where e.expires_at <= now() order by e.expires_at limit $1::integer for update skip locked
  ))
  returning 1
)
select count(*)::integer as n from gone`,
};

/** Deletes at most `limit` keys whose window has passed; answers how many. */
export async function sweepKeys(db: Executor, limit: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(sweepKeysStatement, [limit]);
  return row?.n ?? 0;
}
