import { expect, test } from "vitest";

import { testDatabase } from "../testing/test-database.ts";
import { catalogueQuery } from "./catalogue.ts";
import { checkSchema, down, requiredVersion, schemaVersion, up, verify } from "./index.ts";
import { emptyDatabase, everything, rows, session } from "./migrations.test.support.ts";
import { knownVersions } from "./read-migrations.ts";

test("the shipped migrations go up, down to nothing and up again, and each step down is what it was before the step up", async () => {
  const url = await emptyDatabase();
  const connection = await session(url);
  const states = [await everything(connection)];
  for (const version of knownVersions()) {
    await up({ url, to: version });
    states.push([...(await everything(connection)), ...(await lines())]);
  }
  const [empty, ...reached] = states;
  for (const version of knownVersions().toReversed().slice(1)) {
    await down({ url, to: version, allowDataLoss: true });
    expect([...(await everything(connection)), ...(await lines())]).toEqual(reached[version - 1]);
  }
  await down({ url, to: 0, allowDataLoss: true });
  expect(await everything(connection)).toEqual(empty);
  await up({ url });
  expect([...(await everything(connection)), ...(await lines())]).toEqual(reached.at(-1));

  async function lines(): Promise<readonly string[]> {
    const [row] = await rows<{ concat_ws: string }>(connection, catalogueQuery);
    return row?.concat_ws.split("\n") ?? [];
  }
});

test("a migrated database passes the readiness check of this build, and verify", async () => {
  await using migrated = await testDatabase();
  const { database, url } = migrated;
  expect(await checkSchema(database)).toEqual({ ok: true, applied: requiredVersion(), required: requiredVersion() });
  expect(await schemaVersion(database)).toBe(requiredVersion());
  expect(await verify({ url })).toEqual({ ok: true, pending: [], problems: [] });
});

test("an empty database is told what it lacks", async () => {
  await using empty = await testDatabase({ migrate: false });
  expect(await schemaVersion(empty.database)).toBe(0);
  expect(await checkSchema(empty.database)).toEqual({
    ok: false,
    applied: 0,
    required: requiredVersion(),
    problem: `The database lacks migration ${knownVersions().join(", ")}.`,
  });
});

test("a schema that is further than this build is fine: the build that is being replaced goes on serving", async () => {
  await using migrated = await testDatabase();
  const connection = await session(migrated.url);
  await connection.exec(`insert into millrace.schema_migrations
select 9999, 'later', up_checksum, down_checksum, down_sql, mode, state, started_at, finished_at, duration_ms, applied_by, tool_version
from millrace.schema_migrations where version = 1`);
  expect(await checkSchema(migrated.database)).toEqual({ ok: true, applied: 9999, required: requiredVersion() });
});
