import { describeJobStore } from "../testing/describe-job-store.ts";
import { testDatabase } from "../testing/test-database.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

describeJobStore("PostgreSQL", async () => {
  const { database, close } = await testDatabase({ database: { session: hotSession } });
  const store = createPostgresJobStore(database);
  return {
    store,
    async close() {
      await store.close();
      await close();
    },
  };
});
