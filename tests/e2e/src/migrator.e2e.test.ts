import { describe, expect, test } from "vitest";

import type { Database } from "@millrace/storage";

import { startApi } from "./processes/start-api.ts";
import { startMigrator } from "./processes/start-migrator.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

interface Ready {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly problem?: string }[];
}

const [type] = recordedTypes;

const ready = async (url: string) => {
  const response = await fetch(`${url}/v1/ready`);
  return { status: response.status, text: await response.text() };
};

const done = { code: 0, signal: null };
const countedBy = (lines: readonly { readonly [field: string]: unknown }[]): unknown => lines.at(-1)?.["count"];

const versions = (database: Database) =>
  database.query<{ version: number; state: string }>({
    name: "list versions",
    text: "select version, state from millrace.schema_migrations order by version",
  });

describe("a deployment on an empty database", () => {
  test("has an API that is up but not ready, names the schema, and turns ready once the migrator has run", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl, database } = await stage.database({ migrate: false });
    const [api, worker] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl }),
    ]);
    expect((await fetch(`${api.url}/v1/health`)).status).toBe(200);
    const red = async () => {
      const { status, text } = await ready(api.url);
      const { checks } = JSON.parse(text) as Ready;
      return { status, names: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
    };
    await eventually(red).toEqual({ status: 503, names: ["schema"] });

    const migrator = startMigrator(stage, databaseUrl);
    expect(await migrator.exited).toEqual(done);
    const applied = await versions(database);
    expect(countedBy(migrator.lines())).toBe(applied.length);
    expect(applied.every(({ state }) => state === "applied")).toBe(true);
    await eventually(async () => (await ready(api.url)).status).toBe(200);

    // Neither had to be started again: the first job runs.
    const job = await api.client().jobs.enqueue({ type });
    expect(await finished(api.client(), job.id)).toMatchObject({ status: "completed" });
    expect(worker.exit()).toBeUndefined();

    const again = startMigrator(stage, databaseUrl);
    expect(await again.exited).toEqual(done);
    expect(countedBy(again.lines())).toBe(0);
    expect(await versions(database)).toEqual(applied);
  });

  test("may run two migrators at once: both end well, and each migration is applied once", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl, database } = await stage.database({ migrate: false });
    const migrators = [startMigrator(stage, databaseUrl), startMigrator(stage, databaseUrl)];
    expect(await Promise.all(migrators.map(({ exited }) => exited))).toEqual([done, done]);
    const applied = await versions(database);
    const counts = migrators.map((migrator) => Number(countedBy(migrator.lines())));
    expect(counts.reduce((a, b) => a + b, 0)).toBe(applied.length);
    expect(await startMigrator(stage, databaseUrl, ["status", "--check"]).exited).toEqual(done);
    expect(await startMigrator(stage, databaseUrl, ["verify"]).exited).toEqual(done);
  });
});
