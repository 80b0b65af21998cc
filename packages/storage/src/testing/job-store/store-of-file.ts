import { afterAll } from "vitest";

import type { JobStore } from "../../jobs/job-store.ts";
import { createPostgresJobStore } from "../../jobs/postgres-job-store.ts";
import { type TestDatabase, type TestDatabaseOptions, testDatabase } from "../test-database.ts";

/** One store for all tests of a file, on a database of its own; both are closed after the last of them. */
export async function storeOfFile(
  options?: TestDatabaseOptions,
): Promise<{ readonly test: TestDatabase; readonly store: JobStore }> {
  const test = await testDatabase(options);
  const store = createPostgresJobStore(test.database);
  afterAll(async () => {
    await store.close();
    await test.close();
  });
  return { test, store };
}
