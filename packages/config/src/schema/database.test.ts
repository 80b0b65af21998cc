import { describe, expect, test } from "vitest";

import { databaseUrl, load, problemsOf } from "../testing-load.ts";

const refused = (env: Record<string, string>, files: Record<string, string> = {}) =>
  problemsOf(() => load({ sections: ["database"], env: { MILLRACE_DATABASE_URL: databaseUrl, ...env }, files })).map(
    ({ name }) => name,
  );

describe("database", () => {
  test("its defaults keep every wait bounded", () => {
    expect(load({ sections: ["database"], env: { DATABASE_URL: databaseUrl } }).config.database).toEqual({
      url: databaseUrl,
      directUrl: undefined,
      poolMin: 0,
      poolMax: 10,
      idleTimeoutMs: 300_000,
      maxLifetimeMs: 1_800_000,
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 1_000,
      connectTimeoutMs: 5_000,
      acquireTimeoutMs: 1_000,
      ssl: "disable",
      sslCaFile: undefined,
      prepare: true,
      applicationName: "millrace",
    });
  });

  test.each([
    "postgres://app:pw@db/app",
    "postgresql://app:p%40%2F%23w@[::1]:5432/app?application_name=x",
    "postgres://app@localhost/app",
  ])("%s is an address", (url) => expect(refused({ MILLRACE_DATABASE_URL: url })).toEqual([]));

  test.each([
    "db:5432/app",
    "mysql://app:pw@db/app",
    "postgres://app:pw@db",
    "postgres://app:pw@db/",
    "postgres:///app",
    "postgres://app:p#w@db/app",
    "postgres://app:p@w/x#y@db/app",
    "postgres://app:p@w/x?y@db/app",
    "postgres://app:p@w/x@db/app",
    "postgres://app:p@w/x@db",
    "postgres://app:p/w@db/app",
    "postgres://app:1/w@db/app",
    "postgres://app:1?w@db/app",
  ])("%s is not an address", (url) => expect(refused({ MILLRACE_DATABASE_URL: url })).toEqual(["database.url"]));

  test("the lock timeout ends before the statement's, and the pool's minimum is below its maximum", () => {
    expect(refused({ MILLRACE_DATABASE_LOCK_TIMEOUT_MS: "5s" })).toEqual(["database.lockTimeoutMs"]);
    expect(refused({ MILLRACE_DATABASE_POOL_MIN: "11" })).toEqual(["database.poolMin"]);
    expect(refused({ MILLRACE_DATABASE_POOL_MIN: "10" })).toEqual([]);
  });

  test.each(["", "postgres", "Password", "change-me", "app"])("prod refuses the password %j", (password) => {
    const url = `postgres://app:${password}@db/app`;
    expect(refused({ MILLRACE_DATABASE_URL: url })).toEqual([]);
    expect(refused({ MILLRACE_PROFILE: "prod", MILLRACE_DATABASE_URL: url })).toEqual(["database.url"]);
    expect(refused({ MILLRACE_PROFILE: "prod", MILLRACE_DATABASE_DIRECT_URL: url })).toEqual(["database.directUrl"]);
    expect(refused({ MILLRACE_PROFILE: "prod" })).toEqual([]);
  });

  test("an sslmode in the address may not contradict database.ssl", () => {
    const url = `${databaseUrl}?sslmode=require`;
    expect(refused({ MILLRACE_DATABASE_URL: url })).toEqual(["database.url"]);
    expect(refused({ MILLRACE_DATABASE_DIRECT_URL: url })).toEqual(["database.directUrl"]);
    expect(refused({ MILLRACE_DATABASE_URL: url, MILLRACE_DATABASE_SSL: "require" })).toEqual([]);
    expect(refused({ MILLRACE_DATABASE_URL: `${databaseUrl}?sslmode=prefer` })).toEqual(["database.url"]);
  });

  test("a certificate authority must be readable, and is for verify-full", () => {
    const verify = { MILLRACE_DATABASE_SSL: "verify-full", MILLRACE_DATABASE_SSL_CA_FILE: "ca.pem" };
    expect(refused(verify, { "ca.pem": "x" })).toEqual([]);
    expect(refused(verify)).toEqual(["database.sslCaFile"]);
    expect(refused({ ...verify, MILLRACE_DATABASE_SSL: "require" }, { "ca.pem": "x" })).toEqual(["database.sslCaFile"]);
  });
});
