import { expect, it } from "vitest";

import { MillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { testDatabase } from "../testing/test-database.ts";
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
