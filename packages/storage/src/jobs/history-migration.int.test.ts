import { expect, test } from "vitest";

import { down, up } from "../migrate/index.ts";
import { testDatabase } from "../testing/test-database.ts";

/** Finished jobs as the layout before kept them: `daysAgo` days ago, with a key each. */
const finishedBefore = `
insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at, created_at, updated_at,
  completed_at, idempotency_key, tags, errors, payload)
select gen_random_uuid(), 'acme', 'q', 't', f.status::millrace.job_status, 0, 1, 20, 1, t.at, t.at, t.at, t.at, 'key-' || f.n, '{}', '[]', '{}'
from (values (1, 'completed', 0), (2, 'completed', 6), (3, 'completed', 9), (4, 'dead', 25), (5, 'cancelled', 3), (6, 'completed', 300)) f(n, status, days_ago)
cross join lateral (select now() - f.days_ago * interval '1 day' as at) t`;

test("history that is there already is kept in partitions of its own, what expired long ago aside, and the step back frees the keys whose window has passed", async () => {
  await using rig = await testDatabase({ migrate: false });
  const { database, url } = rig;
  const run = <Row>(text: string) => database.query<Row>({ name: "test", text });
  await up({ url, to: 2 });
  await run(finishedBefore);
  await up({ url });
  expect(
    await run(
      `select idempotency_key as key, tableoid::regclass::text ~ '_default$' as "isInDefault" from millrace.job_history order by 1`,
    ),
  ).toEqual([1, 2, 3, 4, 5, 6].map((n) => ({ key: `key-${n}`, isInDefault: n === 6 })));
  await run(`insert into millrace.job_keys (tenant_id, key, job_id, request_hash, expires_at)
    select 'acme', key, gen_random_uuid(), '', expires_at from (values ('past', now() - interval '1 minute'), ('open', now() + interval '1 hour'), ('kept', null)) k(key, expires_at)`);
  await down({ url, to: 2, allowDataLoss: true });
  expect(await run("select key from millrace.job_keys order by key")).toEqual([{ key: "kept" }, { key: "open" }]);
  expect(await run("select count(*)::integer as n from millrace.job_history")).toEqual([{ n: 6 }]);
});
