import { expect, it } from "vitest";

import { newJob } from "../testing/job-store/fixture.ts";
import { testDatabase } from "../testing/test-database.ts";
import { createPostgresJobStore } from "./postgres-job-store.ts";
import { update } from "./update.ts";

it("keeps a job due that another has made due since the transaction began", async () => {
  await using test = await testDatabase();
  const store = createPostgresJobStore(test.database);
  const { job } = await store.createJob(newJob());
  const ref = { tenantId: "acme", id: job.id };
  await test.database.withTransaction(async (earlier) => {
    await earlier.query({ name: "test.begin", text: "select now()" });
    await store.updateJob(ref, { delayMs: 0 });
    await update(earlier, ref, { maxAttempts: 4 });
  });
  expect(await store.queueStats({ tenantId: "acme" })).toMatchObject([{ pending: 1, scheduled: 0 }]);
  expect(await store.claimJobs({ limit: 1, leaseMs: 1_000, worker: "w" })).toMatchObject([{ job: { id: job.id } }]);
  await store.close();
});
