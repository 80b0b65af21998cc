import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { TestDatabase } from "./testing/test-database.ts";
import { testDatabase } from "./testing/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterAll(() => db.close());

describe("query", () => {
  test("answers rows as plain objects", async () => {
    expect(await db.database.query({ name: "one", text: "select 1 as one" })).toEqual([{ one: 1 }]);
  });
});
