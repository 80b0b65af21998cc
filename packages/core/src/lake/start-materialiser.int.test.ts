import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { createPostgresBus } from "@millrace/bus";
import { newEvent } from "@millrace/bus/testing";
import { loadConfig } from "@millrace/config";
import { createFsObjectStore, createPostgresLakeStore, createPostgresTableStore } from "@millrace/storage";
import { addTable, testDatabase } from "@millrace/storage/testing";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { startMaterialiser } from "./start-materialiser.ts";

test("a process that is configured for the lake writes events into it, counts them, and leaves nothing of its own behind", async () => {
  const { database: db, close } = await testDatabase();
  onTestFinished(close);
  const folder = await mkdtemp(join(tmpdir(), "millrace-start-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { config } = loadConfig({
    sections: ["lake"],
    cwd: folder,
    env: {
      MILLRACE_PROFILE: "test",
      MILLRACE_LAKE_PATH: join(folder, "lake"),
      MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "cache"),
      // What stalls for a while must not lose it.
      MILLRACE_LAKE_LEASE_MS: "60s",
    },
  });
  const tables = createPostgresTableStore(db);
  const bus = createPostgresBus({ db });
  onTestFinished(() => bus.close());
  const table = await addTable(tables);
  const metrics = createMetrics({ service: "test", version: "0", defaultMetrics: false });
  const store = createPostgresLakeStore(db);
  const lake = { store, objects: createFsObjectStore({ root: join(folder, "lake") }) };
  const logger = silentLogger;
  const running = await startMaterialiser({ db, bus, tables, lake, settings: config.lake, logger, metrics });
  await bus.publish(table.tenantNo, [newEvent("k", { tableId: table.tableId, payload: '{"n":1}' })]);
  await vi.waitFor(async () => expect(await store.progress("acme")).toMatchObject({ watermark: 1 }), {
    timeout: 20_000,
  });
  const [file] = await store.liveFiles(table.tableId);
  expect(await readdir(join(folder, "lake"), { recursive: true })).toContain(file?.path);
  expect(running.health()).toMatchObject({ state: "running", failing: false });
  await running.stop();
  expect(running.health()).toMatchObject({ state: "stopped", publishedAt: expect.any(Date) });
  expect(await readdir(join(folder, "cache"))).toEqual([]);
  const { body } = await metrics.render();
  expect(body).toContain('millrace_lake_events_total{outcome="written"} 1');
  expect(body).toContain("millrace_lake_files_total 1");
  expect(body).toContain('millrace_lake_materialise_seconds_count{outcome="published"} 1');
});
