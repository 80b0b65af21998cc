import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { loadConfig } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { compose } from "./compose.ts";
import { issueKey } from "./keys/issue.ts";

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

/** What a statement waits for may take its time. */
const patience = { MILLRACE_DATABASE_ACQUIRE_TIMEOUT_MS: "20s", MILLRACE_DATABASE_STATEMENT_TIMEOUT_MS: "30s" };

function build(env: Readonly<Record<string, string>> = {}) {
  const { config, profile } = loadConfig({
    sections: ["database", "auth"],
    env: { MILLRACE_PROFILE: "test", DATABASE_URL: db.url, ...patience, ...env },
    cwd: import.meta.dirname,
  });
  const metrics = createMetrics({ service: "test", version: "0", defaultMetrics: false });
  return { config, metrics, composed: compose(config, { logger: silentLogger, metrics, profile }) };
}

describe("compose", () => {
  test("builds parts that work together, are ready, and are measured", async () => {
    const { composed, metrics } = build();
    const parts = await composed;
    await expect
      .poll(() => parts.checkReady())
      .toEqual([
        { name: "database", ok: true },
        { name: "schema", ok: true },
      ]);
    const { key, stored } = await issueKey(
      parts.keys,
      { tenantId: "acme", name: "first", scopes: ["*"] },
      parts.keyKind,
    );
    expect(key).toMatch(/^mr_dev_/);
    expect(await parts.validator?.validate(key)).toEqual({ tenantId: "acme", scopes: ["*"], keyId: stored.id });
    const { body } = await metrics.render();
    expect(body).toMatch(/millrace_db_pool_open_connections [1-9]/);
    expect(body).toContain('millrace_db_statement_seconds_count{statement="keys.insert"} 1');
    await parts.close();
  });

  test("pins the plans of its connections, and sends no settings where a pooler keeps no statements", async () => {
    const ask = async (env: Readonly<Record<string, string>>) => {
      const parts = await build(env).composed;
      const text = "select current_setting('plan_cache_mode') as mode, current_setting('enable_seqscan') as scans";
      const [row] = await parts.db.query<{ mode: string; scans: string }>({ name: "test", text });
      await parts.close();
      return row;
    };
    expect(await ask({})).toEqual({ mode: "force_generic_plan", scans: "off" });
    expect(await ask({ MILLRACE_DATABASE_PREPARE: "false" })).toEqual({ mode: "auto", scans: "on" });
  });

  test("needs no section auth where no keys are checked", async () => {
    const { config, metrics } = build();
    const parts = await compose({ database: config.database }, { logger: silentLogger, metrics });
    expect(parts.validator).toBeUndefined();
    await parts.close();
  });

  test("is built while the database is away, and says so", async () => {
    const parts = await build({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" }).composed;
    const checks = await parts.checkReady();
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["database", false],
      ["schema", false],
    ]);
    expect(JSON.stringify(checks)).not.toContain("127.0.0.1");
    await parts.close();
  });

  test("closes once, however often it is asked to", async () => {
    const parts = await build().composed;
    await Promise.all([parts.close(), parts.close()]);
    await expect(parts.db.ping()).rejects.toSatisfy((error) => isMillraceError(error, "UNAVAILABLE"));
  });
});

describe("issueKey", () => {
  test.each([{ tenantId: "Not A Tenant" }, { name: "" }, { scopes: [] }, { expiresAt: "2001-01-01T00:00:00Z" }])(
    "refuses %j",
    async (more) => {
      const parts = await build().composed;
      const input = { tenantId: "acme", name: "n", scopes: ["*" as const], ...more };
      await expect(issueKey(parts.keys, input)).rejects.toSatisfy((error) =>
        isMillraceError(error, "VALIDATION_FAILED"),
      );
      await parts.close();
    },
  );
});
