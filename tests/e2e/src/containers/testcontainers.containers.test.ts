import { expect, test } from "vitest";

import { createDatabase } from "@millrace/storage";
import { cloneDatabase, startPostgres } from "@millrace/storage/testing";

test("a migrated database for tests comes from a container where an engine answers", async () => {
  const server = await startPostgres();
  try {
    expect(server.source).toBe("container");
    const { url, drop } = await cloneDatabase(server.url);
    const database = createDatabase({ url });
    const text = "select count(*)::int as jobs from millrace.jobs";
    expect(await database.query({ name: "count jobs", text })).toEqual([{ jobs: 0 }]);
    await database.close();
    await drop();
  } finally {
    await server.stop();
  }
});
