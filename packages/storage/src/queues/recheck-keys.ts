import type { Executor, Statement } from "../executor.ts";
import type { QueueRef } from "./queue-store.ts";

/** How many keys one statement looks at. */
const keysMax = 1_000;

/**
 * Hops over the keys that have held jobs by one probe of the index each, however many jobs they have, and asks admission to look at them. It only
 * appends, and a check too many costs a look.
 */
export const recheckKeysStatement: Statement = {
  name: "queues.recheckKeys",
  text: `
with recursive keys as (
  (
    select h.concurrency_key, 1 as n from millrace.held h
    where h.tenant_id = $1::text and h.queue = $2::text and h.concurrency_key > $3::text
    order by h.concurrency_key limit 1
  )
  union all
  select l.concurrency_key, k.n + 1 from keys k cross join lateral (
    select h.concurrency_key from millrace.held h
    where h.tenant_id = $1::text and h.queue = $2::text and h.concurrency_key > k.concurrency_key
    order by h.concurrency_key limit 1
  ) l where k.n < ${keysMax}
),
checks as (
  insert into millrace.key_checks (tenant_id, queue, concurrency_key, freed) select $1::text, $2::text, concurrency_key, 0 from keys
)
select max(k.concurrency_key) as last, count(*)::integer as n from keys k`,
};

/**
 * Has admission look at every key of a queue that has held jobs. Whoever is stopped in between leaves the rest as it was: each key is looked at
 * when one of its jobs ends, too.
 */
export async function recheckKeys(db: Executor, { tenantId, queue }: QueueRef): Promise<void> {
  for (let after = ""; ;) {
    const [row] = await db.query<{ last: string | null; n: number }>(recheckKeysStatement, [tenantId, queue, after]);
    const { last, n } = row ?? { last: null, n: 0 };
    if (last === null || n < keysMax) return;
    after = last;
  }
}
