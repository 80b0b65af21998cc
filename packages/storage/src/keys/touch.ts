import type { Executor, Statement } from "../executor.ts";

/** Skips a key that another process has noted within the minute; in id order, so that two processes can't deadlock. */
const touchStatement: Statement = {
  name: "keys.touch",
  text: `
update millrace.api_keys k set last_used_at = now()
from (
  select id from millrace.api_keys
  where id = any($1::uuid[]) and (last_used_at is null or last_used_at < now() - interval '1 minute')
  order by id for update skip locked
) used
where k.id = used.id`,
};

/** Notes that these keys were used. */
export async function touchKeys(db: Executor, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.query(touchStatement, [ids]);
}
