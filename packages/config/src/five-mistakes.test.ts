import { describe, expect, test } from "vitest";

import { ConfigError, formatProblems } from "./problems.ts";
import { load } from "./testing-load.ts";

const yaml = `server:
  prot: 9000
worker:
  concurrency: 20000
`;

const env = {
  MILLRACE_SERVER_REQUEST_TIMEOUT: "5s",
  MILLRACE_SERVER_TRUST_PROXY: "yes",
  MILLRACE_DATABASE_URL_FILE: "/nowhere/database-url",
};

describe("several mistakes at once", () => {
  test("all of them are reported, each with its place, what was expected and what was probably meant", () => {
    let error: unknown;
    try {
      load({ yaml, env });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(formatProblems(error as ConfigError).split("\n")).toEqual([
      "server.prot (millrace.yaml:2:3): expected a key that exists; did you mean server.port?",
      "MILLRACE_SERVER_REQUEST_TIMEOUT (environment): expected a variable that exists; did you mean MILLRACE_SERVER_REQUEST_TIMEOUT_MS?",
      'database.url (MILLRACE_DATABASE_URL_FILE): expected a file with the secret\'s value, up to 64KiB of UTF-8 text, got "/nowhere/database-url"; the file cannot be read (ENOENT)',
      'server.trustProxy (MILLRACE_SERVER_TRUST_PROXY): expected true or false, got "yes"',
      "worker.concurrency (millrace.yaml:4:16): expected an integer from 1 to 10000, got 20000",
    ]);
  });
});
