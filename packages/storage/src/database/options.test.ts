import { expect, test } from "vitest";

import { readOptions } from "./options.ts";

const url = "postgres://me:pw@127.0.0.1/x";

test("the defaults are those of the documentation", () => {
  expect(readOptions({ url })).toMatchObject({
    poolMax: 10,
    statementTimeoutMs: 5_000,
    acquireTimeoutMs: 1_000,
    connectTimeoutMs: 5_000,
    prepare: true,
    session: { statement_timeout: "5000", application_name: "millrace" },
  });
});

test("without a direct URL the same one serves for LISTEN and the migrator", () => {
  expect(readOptions({ url }).directAddress).toMatchObject({ host: "127.0.0.1" });
  expect(readOptions({ url, directUrl: "postgres://me@direct.example/x" }).directAddress.host).toBe("direct.example");
});

test("every option that is wrong is named at once", () => {
  expect(() =>
    readOptions({ url, poolMax: 0, statementTimeoutMs: 1.5, waitingMax: -1, idleTimeoutMs: 2 ** 31 }),
  ).toThrow(
    expect.objectContaining({
      code: "VALIDATION_FAILED",
      errors: ["statementTimeoutMs", "poolMax", "idleTimeoutMs", "waitingMax"].map((path): unknown =>
        expect.objectContaining({ path }),
      ),
    }),
  );
});
