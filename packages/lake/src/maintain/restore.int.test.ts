import { randomUUID } from "node:crypto";

import { expect, onTestFinished, test, vi } from "vitest";

import { newEvent } from "@millrace/bus/testing";
import { createDatabase, createPostgresLakeUpkeep, type Database, jumpHeads } from "@millrace/storage";
import { patient } from "@millrace/storage/testing";

import { materialiserOf, partsOf } from "../materialise/testing/lake-world.ts";
import { day, maintainerOf, openMaintainWorld } from "./testing/maintain-world.ts";

const run = (db: Database, text: string) => db.query({ name: "drill", text });

test("a database that is restored to an earlier point works on with the lake of today: nothing of then is missing, no id is given out twice, and what came after is swept once all was checked", async () => {
  const world = await openMaintainWorld();
  onTestFinished(() => world.close());
  const url = new URL(world.url);
  const original = url.pathname.slice(1);
  const copy = `restored_${randomUUID().replaceAll("-", "")}`;
  const admin = createDatabase({ ...patient, url: new URL("/postgres", url).href, statementTimeoutMs: 60_000 });
  onTestFinished(() => admin.close());

  const table = await world.addTable("acme", "clicks");
  let keys = 0;
  async function ingest(parts: typeof world, batches: number): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      keys++;
      await parts.ingest(table, [`key${keys}`]);
      await vi.waitFor(
        async () => {
          const progress = await parts.lake.progress("acme");
          expect(progress?.watermark).toBe(progress?.head);
        },
        { timeout: 20_000, interval: 10 },
      );
    }
  }
  const before = materialiserOf(world, world.root, { owner: "before", flushMs: 10 });
  await before.start();
  await ingest(world, 12);
  const rows = await world.rowsOf(table);

  // The backup. Of a server it would be pg_basebackup and the write-ahead log; what counts here is that it is of one point in time.
  await before.stop();
  await vi.waitFor(
    async () => {
      await run(admin, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${original}'`);
      await run(admin, `create database ${copy} template ${original}`);
    },
    { timeout: 60_000 },
  );
  onTestFinished(async () => {
    await run(admin, `drop database ${copy} with (force)`);
  });

  // Life goes on, and files are merged; those before stay, since snapshots are kept longer than backups take.
  const after = materialiserOf(world, world.root, { owner: "after", flushMs: 10 });
  await after.start();
  await vi.waitFor(() => world.db.ping(), { timeout: 20_000 });
  await ingest(world, 5);
  const lost = await world.lake.snapshot("acme", { newest: true });
  const lostHead = (await world.lake.progress("acme"))?.head ?? 0;
  await world.maintainer().compact(table);
  await after.stop();

  const db = createDatabase({ ...patient, url: new URL(`/${copy}`, url).href });
  onTestFinished(() => db.close());
  await jumpHeads(db);
  const parts = partsOf(db, world.root);
  onTestFinished(() => parts.bus.close());
  const upkeep = createPostgresLakeUpkeep(db);
  const maintainer = maintainerOf(parts, upkeep, world.root, { graceMs: day });
  onTestFinished(() => maintainer.close());
  const restored = materialiserOf(parts, world.root, { owner: "restored", flushMs: 10 });
  await restored.start();
  onTestFinished(() => restored.stop());

  const objects = await world.stored();
  expect(await maintainer.sweep(table.tenantNo)).toMatchObject({ sweeping: false, objectsDeleted: 0 });
  expect(await world.stored()).toEqual(objects);
  expect(await maintainer.check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0, sweeping: true });
  // Five files and what they were merged into: nobody in the restored catalogue has them.
  expect(await maintainer.sweep(table.tenantNo)).toMatchObject({ sweeping: true, objectsDeleted: 6 });

  await parts.bus.publish(table.tenantNo, [newEvent("new", { tableId: table.tableId, payload: '{"n":0}' })]);
  await vi.waitFor(
    async () => {
      const progress = await parts.lake.progress("acme");
      expect(progress?.watermark).toBe(progress?.head);
    },
    { timeout: 20_000 },
  );
  const newest = await parts.lake.snapshot("acme", { newest: true });
  expect(newest?.snapshotId).toBeGreaterThan(lost?.snapshotId ?? 0);
  expect((await parts.lake.progress("acme"))?.head).toBeGreaterThan(lostHead);
  const live = await parts.lake.liveFiles(table.tableId);
  expect(live.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(rows.length + 1);
  expect(await maintainer.check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0 });
}, 180_000);
