import { expect, it } from "vitest";

import { MillraceError } from "@millrace/contract";

import type { Executor } from "../executor.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { testDatabase } from "../testing/test-database.ts";
import { createClaimer } from "./claimer.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

it("a claim answers what it has claimed when a later part of it fails", async () => {
  const { database, close } = await testDatabase({ database: { session: hotSession } });
  const store = createPostgresJobStore(database);
  try {
    await store.putQueueSettings({ tenantId: "acme", queue: "limited" }, { concurrency: 10 });
    await store.createJobs([newJob({ queue: "free" }), newJob({ queue: "limited" })]);
    const lossy: Executor = {
      query: (statement, parameters) =>
        statement.name === "jobs.claimLimited"
          ? Promise.reject(new MillraceError("UNAVAILABLE", "away"))
          : database.query(statement, parameters),
    };
    const claim = createClaimer(lossy);
    const request = { limit: 8, leaseMs: 60_000, worker: "w" };
    expect((await claim(request)).map(({ job }) => job.queue)).toEqual(["free"]);
    await expect(claim(request)).rejects.toThrow("away");
    expect((await store.claimJobs(request)).map(({ job }) => job.queue)).toEqual(["limited"]);
  } finally {
    await store.close();
    await close();
  }
});
