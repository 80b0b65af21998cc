import { describe, expect, it } from "vitest";

import { createAndClaim } from "../testing/job-store/fixture.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";

/** Drops the partition for what is completed tomorrow and kept for seven days. */
const dropTomorrow = `
do $$ begin execute 'drop table millrace.completed_jobs_' || to_char((now() at time zone 'utc')::date + 8, 'YYYYMMDD'); end $$`;

const { test, store } = await storeOfFile();

describe("the partitions of history", () => {
  const run = (text: string) => test.database.query({ name: "test", text });

  it("are made ahead once, by whoever comes first", async () => {
    // Another day may have begun since the database was made.
    await store.ensurePartitions();
    expect(await store.ensurePartitions()).toBe(0);
    await run(dropTomorrow);
    const made = await Promise.all(Array.from({ length: 5 }, () => store.ensurePartitions()));
    expect(made.reduce((sum, count) => sum + count)).toBe(1);
  });

  it("make no finisher wait behind a long read of history, and are made once that is over", async () => {
    await run(dropTomorrow);
    const { leaseToken } = await createAndClaim(store);
    await test.database.withTransaction(async (reader) => {
      await reader.query({ name: "test", text: "select count(*) from millrace.job_history" });
      const [made, [outcome]] = await Promise.all([
        store.ensurePartitions(),
        store.completeJobs([{ leaseToken, result: null }]),
      ]);
      expect(made).toBe(0);
      expect(outcome).toEqual({ ok: true, status: "completed" });
    });
    expect(await store.ensurePartitions()).toBe(1);
  });

  it("leave rows where they are that came before their partition", async () => {
    await run(dropTomorrow);
    await run(`insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence,
      scheduled_at, created_at, updated_at, completed_at, expires_at, tags, errors, payload)
      select gen_random_uuid(), 'acme', 'q', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now(), now() + interval '8 days', '{}', '[]', '{}'`);
    expect(await store.ensurePartitions()).toBe(0);
    expect(await run("select 1 as one from millrace.completed_jobs_default")).toEqual([{ one: 1 }]);
  });
});
