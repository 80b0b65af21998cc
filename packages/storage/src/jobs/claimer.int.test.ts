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

it("a claim says that it is worth asking again until it has looked at every lane, and then says so no more", async () => {
  const { database, close } = await testDatabase({ database: { session: hotSession } });
  const store = createPostgresJobStore(database);
  try {
    await database.query({
      name: "test.lanes",
      text: "insert into millrace.ready select 't' || lpad(n::text, 5, '0'), 'bulk', 0, now(), gen_random_uuid(), 't' from generate_series(1, 1500) n",
    });
    const claimAll = async () => {
      for (let claims = 1; ; claims++) {
        let retries = false;
        const onRetryIn = () => void (retries = true);
        const claimed = await store.claimJobs({ queues: ["mail"], limit: 1, leaseMs: 60_000, worker: "w", onRetryIn });
        if (claimed.length > 0 || !retries) return { claims, count: claimed.length };
      }
    };
    const empty = await claimAll();
    expect(empty.count).toBe(0);
    expect(empty.claims).toBeLessThan(10);
    await store.createJob(newJob({ tenantId: "t01499", queue: "mail" }));
    await store.createJob(newJob({ tenantId: "t00001", queue: "mail" }));
    expect((await claimAll()).count).toBe(1);
    expect((await claimAll()).count).toBe(1);
    expect((await claimAll()).count).toBe(0);
  } finally {
    await store.close();
    await close();
  }
});

it("a claim of one tenant that names its queues isn't kept from them by any number of others", async () => {
  const { database, close } = await testDatabase({ database: { session: hotSession } });
  const store = createPostgresJobStore(database);
  try {
    await database.query({
      name: "test.lanes",
      text: "insert into millrace.ready select 'acme', 'b' || lpad(n::text, 5, '0'), 0, now(), gen_random_uuid(), 't' from generate_series(1, 1500) n",
    });
    await store.createJobs([newJob({ queue: "a" }), newJob({ queue: "mail" }), newJob({ queue: "news" })]);
    const request = { tenantId: "acme", limit: 8, leaseMs: 60_000, worker: "w" };
    const claimed = await store.claimJobs({ ...request, queues: ["news", "a", "mail", "none"] });
    expect(claimed.map(({ job }) => job.queue).toSorted()).toEqual(["a", "mail", "news"]);
  } finally {
    await store.close();
    await close();
  }
});
