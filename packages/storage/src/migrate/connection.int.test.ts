import { expect, it } from "vitest";

import { connectDirectly } from "../database.ts";
import { testDatabase } from "../testing/test-database.ts";
import { requireVersion } from "./connection.ts";

it("refuses a server that is too old in a sentence that names both versions, and lets go of it", async () => {
  await using test = await testDatabase({ migrate: false });
  await using connection = Object.assign(await connectDirectly({ url: test.url }), {
    async [Symbol.asyncDispose]() {
      await connection.close();
    },
  });
  await requireVersion(connection, 14);
  await expect(requireVersion(connection, 99)).rejects.toMatchObject({
    reason: "too-old",
    exitCode: 1,
    message: expect.stringMatching(/^PostgreSQL \d.* is too old: Millrace needs version 99 or newer\.$/),
  });
  await expect(connection.query({ name: "test", text: "select 1" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
