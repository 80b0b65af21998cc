import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { recheckKeysStatement } from "../queues/recheck-keys.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { claimStatement } from "./claim.ts";
import type { JobStore } from "./job-store.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

const tenantId = "acme";
let test: TestDatabase;
let store: JobStore;
beforeEach(async () => {
  test = await testDatabase({ database: { session: hotSession } });
  store = createPostgresJobStore(test.database);
});
afterEach(async () => {
  await store.close();
  await test.close();
});

const query = <Row>(text: string) => test.database.query<Row>({ name: "test", text });
const add = (n: number, changes: object) =>
  store.createJobs(Array.from({ length: n }, () => newJob({ tenantId, ...changes })));

describe("a tenant with 100,000 jobs", () => {
  it("leaves each of two others a third of each claim for as long as they have jobs", async () => {
    await query(
      "insert into millrace.jobs (id, tenant_id, queue, type, payload) select gen_random_uuid(), 'a-flood', 'q' || n % 5, 't', '{}' from generate_series(1, 100000) n",
    );
    await query(
      "insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type) select tenant_id, queue, priority, scheduled_at, id, type from millrace.jobs",
    );
    const few = ["b", "c"];
    for (const tenant of few) await add(40, { tenantId: tenant, queue: "q1" });
    for (let round = 0; round < 4; round++) {
      const claimed = await store.claimJobs({ limit: 30, leaseMs: 60_000, worker: "w" });
      const of = (tenant: string) => claimed.filter(({ job }) => job.tenantId === tenant).length;
      expect([of("a-flood"), of("b"), of("c")]).toEqual([10, 10, 10]);
    }
    expect(await store.claimJobs({ limit: 30, leaseMs: 60_000, worker: "w" })).toHaveLength(30);

    await store.putQueueSettings({ tenantId: "a-flood", queue: "q0" }, { concurrency: 1_000 });
    const limited = "select * from millrace.claim_limited('a-flood', 'q0', null, 1, gen_random_uuid(), 'w', 60000)";
    // A job, its waiting row and its lease, with their indexes; 20,000 of them wait.
    expect(await pagesOf(limited)).toBeLessThan(100);
  });
});

interface Plan {
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
}

/** How many pages a statement touches after `before`, whatever functions it calls; at its best, since its first runs plan it too. */
async function pagesOf(statement: string, before = "select"): Promise<number> {
  const pages: number[] = [];
  for (let run = 0; run < 3; run++) {
    await query(before);
    pages.push(await pagesOnce(statement));
  }
  return Math.min(...pages);
}

async function pagesOnce(statement: string): Promise<number> {
  const [row] = await query<{ "QUERY PLAN": readonly [{ Plan: Plan }] }>(
    `explain (analyze, buffers, format json) ${statement}`,
  );
  const plan = row?.["QUERY PLAN"][0].Plan;
  return (plan?.["Shared Hit Blocks"] ?? 0) + (plan?.["Shared Read Blocks"] ?? 0);
}

describe("a saturated key with 50,000 jobs", () => {
  const claimAll = () => store.claimJobs({ limit: 10, leaseMs: 60_000, worker: "w" });
  beforeEach(async () => {
    for (let n = 0; n < 10; n++) await add(5_000, { concurrencyKey: "flood" });
    await store.admitHeld();
    await claimAll();
    await query("vacuum analyze millrace.held");
  });

  it("holds up neither other keys nor jobs without any, in its own queue or another", async () => {
    await add(3, { concurrencyKey: "other" });
    await add(2, {});
    await add(1, { queue: "elsewhere", concurrencyKey: "flood" });
    await store.admitHeld();
    const claimed = [...(await claimAll()), ...(await claimAll())];
    expect(claimed.map(({ job }) => `${job.queue} ${job.concurrencyKey}`).toSorted()).toEqual([
      "default null",
      "default null",
      "default other",
      "elsewhere flood",
    ]);
  });

  it("is scanned past neither by claims nor by the admission of another key, a change of settings or an end of its own", async () => {
    // About twenty pages of small tables; the 50,000 rows take more than five hundred.
    for (const key of ["other", "flood"]) {
      const check = `insert into millrace.key_checks values ('acme', 'default', '${key}', 0)`;
      expect(await pagesOf("select * from millrace.admit(500)", check)).toBeLessThan(100);
    }
    const text = claimStatement.text.replaceAll(
      /\$(\d+)(?!\d)/g,
      (_, n: string) =>
        ["null", "null", "10", "gen_random_uuid()", "''", "''", "'w'", "1000", "true", "1"][Number(n) - 1] ?? "null",
    );
    expect(await pagesOf(text)).toBeLessThan(100);
    const recheck = recheckKeysStatement.text
      .replaceAll("$1", "'acme'")
      .replaceAll("$2", "'default'")
      .replaceAll("$3", "''");
    expect(await pagesOf(recheck)).toBeLessThan(100);
  });
});
