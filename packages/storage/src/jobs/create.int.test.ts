import { expect, it } from "vitest";

import { MillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { CreatedJob, JobStore } from "./job-store.ts";
import { createPostgresJobStore } from "./postgres-job-store.ts";

it.each(["INTERNAL", "UNAVAILABLE"] as const)(
  "acknowledges what was committed although the look-up of a neighbour's duplicate fails with %s",
  async (code) => {
    await using test = await testDatabase();
    const { database } = test;
    const faulty: Database = {
      ...database,
      query: (statement, ...rest) =>
        statement.name === "jobs.existingKeys"
          ? Promise.reject(new MillraceError(code, "Injected."))
          : database.query(statement, ...rest),
    };
    const keyed = newJob({ idempotencyKey: "k", requestHash: "1" });
    const store = createPostgresJobStore(faulty);
    await store.createJob(keyed);
    const [fresh, duplicate] = await Promise.allSettled([store.createJob(newJob()), store.createJob(keyed)]);
    expect(fresh).toMatchObject({ status: "fulfilled", value: { duplicate: false } });
    expect(duplicate).toMatchObject({ status: "rejected", reason: { code } });
    expect((await store.listJobs({ tenantId: "acme", limit: 10 })).jobs).toHaveLength(2);
    await store.close();
  },
);

it("gives the key of a job that is no longer kept to one of many who want it", async () => {
  await using test = await testDatabase();
  const stores = Array.from({ length: 2 }, () => createPostgresJobStore(test.database));
  const [store] = stores as [JobStore, JobStore];
  const keyed = newJob({ idempotencyKey: "k", requestHash: "1" });
  for (const onDuplicate of ["existing", "reject", "replace", "keepLast"] as const) {
    const { job } = await store.createJob({ ...keyed, onDuplicate: "keepLast" });
    await store.cancelJob({ tenantId: "acme", id: job.id });
    await test.database.query({ name: "test.prune", text: "truncate millrace.cancelled_jobs" });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => (stores[n % 2] ?? store).createJob({ ...keyed, onDuplicate })),
    );
    const created = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(created.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    if (onDuplicate !== "reject") expect(created).toHaveLength(8);
    const { jobs } = await store.listJobs({ tenantId: "acme", limit: 10 });
    expect(jobs.map(({ id }) => id)).toEqual([(await store.getJobByIdempotencyKey("acme", "k")).id]);
  }
  for (const each of stores) await each.close();
});

it("leaves nothing of a batch whose last key is refused, and keeps what it would have replaced", async () => {
  await using test = await testDatabase();
  const store = createPostgresJobStore(test.database);
  const first = newJob({ idempotencyKey: "a", requestHash: "1", payload: "1" });
  await store.createJob(first);
  await store.createJob(newJob({ idempotencyKey: "b", requestHash: "1" }));
  const refused = store.createJobs([
    newJob({ idempotencyKey: "c", requestHash: "1" }),
    { ...first, onDuplicate: "replace", payload: "2" },
    newJob({ idempotencyKey: "b", requestHash: "1", onDuplicate: "reject" }),
  ]);
  await expect(refused).rejects.toMatchObject({ code: "DUPLICATE_JOB" });
  expect((await store.getJobByIdempotencyKey("acme", "a")).payload).toBe(1);
  expect((await store.listJobs({ tenantId: "acme", limit: 10 })).jobs).toHaveLength(2);
  await store.close();
});

it("leaves a key to whoever takes it over first", async () => {
  await using test = await testDatabase();
  const { database } = test;
  const store = createPostgresJobStore(database);
  const keyed = newJob({ idempotencyKey: "k", requestHash: "1" });
  const { job } = await store.createJob(keyed);
  await store.cancelJob({ tenantId: "acme", id: job.id });
  await database.query({ name: "test.prune", text: "truncate millrace.cancelled_jobs" });
  let first: CreatedJob | undefined;
  const slow: Database = {
    ...database,
    withTransaction: (run, options) =>
      database.withTransaction(
        (tx) =>
          run({
            ...tx,
            async query(statement, ...rest) {
              if (statement.name === "jobs.takeOverKeys") first ??= await store.createJob(keyed);
              return tx.query(statement, ...rest);
            },
          }),
        options,
      ),
  };
  const second = await createPostgresJobStore(slow).createJob(keyed);
  expect(first?.duplicate).toBe(false);
  expect(second).toEqual({ duplicate: true, job: first?.job });
  await store.close();
});
