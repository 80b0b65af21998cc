import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { EventTable } from "@millrace/storage";

import { describeOnStores } from "./testing/describe-on-stores.ts";
import { day, type MaintainWorld, openMaintainWorld } from "./testing/maintain-world.ts";
import { keyedColumns, mergedNumbers, numberEvent } from "./testing/number-table.ts";

const pin = { reason: "audit", createdBy: "test", expiresAt: undefined };

describeOnStores("what ends in time", (openObjects) => {
  let world: MaintainWorld;
  let table: EventTable;
  beforeEach(async () => {
    world = await openMaintainWorld(openObjects);
    table = await world.make();
  });
  afterEach(() => world.close());

  describe("expiry", () => {
    test("a snapshot that was the newest within the time is kept, and so are its files", async () => {
      const before = await mergedNumbers(world, table);
      await world.age(day);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 0, filesDeleted: 0 });
      expect(await world.rowsOf(table, before)).toHaveLength(8);
      expect(await world.stored()).toHaveLength(9);
    });

    test("an old one expires and answers that, its files go after the grace, the newest never does", async () => {
      const before = await mergedNumbers(world, table);
      await world.age(8 * day);
      const patient = world.maintainer({ graceMs: day });
      expect(await patient.expire(table.tenantNo)).toMatchObject({
        snapshotsExpired: 1,
        filesMarked: 8,
        filesDeleted: 0,
      });
      await expect(world.rowsOf(table, before)).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
      expect(await world.stored()).toHaveLength(9);
      await world.age(2 * day);
      expect(await patient.expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 0, filesDeleted: 8 });
      expect(await world.stored()).toHaveLength(1);
      expect(await world.rowsOf(table)).toHaveLength(8);
      expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({
        filesChecked: 1,
        faults: 0,
      });
    });

    test("an id whose row is gone, and a time before all that is known, still answer that they have expired", async () => {
      const before = await mergedNumbers(world, table);
      const at = new Date(Date.now() - 12 * day);
      await world.age(8 * day);
      await world.maintainer().expire(table.tenantNo);
      await world.age(2 * day);
      expect((await world.maintainer().expire(table.tenantNo)).rowsForgotten).toBe(1 + 8);
      expect(await world.lake.listSnapshots("acme", { limit: 10 })).toHaveLength(1);
      await expect(world.lake.snapshot("acme", { snapshotId: before })).rejects.toMatchObject({
        code: "SNAPSHOT_EXPIRED",
      });
      await expect(world.lake.snapshot("acme", { at })).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
      expect(await world.lake.snapshot("acme", { snapshotId: 99 })).toBeUndefined();
    });

    test("a pin keeps its snapshot and only its files, and the time after it isn't taken for it", async () => {
      const before = await mergedNumbers(world, table);
      await world.lake.pin("acme", before, pin);
      for (let more = 0; more < 3; more++) await world.addFiles(table, [[numberEvent(10 + more)]]);
      await world.age(8 * day);
      const after = new Date((await world.lake.snapshot("acme", { snapshotId: before + 2 }))?.snapshotTime ?? 0);
      await world.maintainer().expire(table.tenantNo);
      await world.age(2 * day);
      await world.maintainer().expire(table.tenantNo);
      expect(await world.rowsOf(table, before)).toHaveLength(8);
      const kept = await world.lake.listSnapshots("acme", { limit: 10 });
      expect(kept.map(({ snapshotId, expired }) => [snapshotId, expired])).toEqual([
        [before + 4, false],
        [before + 1, true],
        [before, false],
      ]);
      const then = await world.lake.snapshot("acme", { at: new Date(after.getTime() - 2 * day) });
      expect(then).toMatchObject({ snapshotId: before + 1, expired: true });
      await world.lake.unpin("acme", before);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 1, filesDeleted: 8 });
      expect(await world.stored()).toHaveLength(4);
    });

    test("a pin that has run out keeps nothing", async () => {
      const before = await mergedNumbers(world, table);
      await world.lake.pin("acme", before, { ...pin, expiresAt: new Date(Date.now() + day) });
      await world.age(8 * day);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 1, filesDeleted: 8 });
    });

    test("a deletion that ends after the objects are gone is taken up again", async () => {
      await mergedNumbers(world, table);
      await world.age(8 * day);
      const failing = world.maintainer({
        onStep(step) {
          if (step === "deleted") throw new Error("The process ends here");
        },
      });
      await expect(failing.expire(table.tenantNo)).rejects.toThrow("ends here");
      expect(await world.stored()).toHaveLength(1);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 8 });
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 0 });
    });
  });

  describe("retention", () => {
    const days = (count: number) => new Date(Date.now() - count * day);
    const kept = (one: EventTable) => ({ ...one, retentionDays: 10 });

    test("files of old rows end, one with both is written anew once it is a day overdue, and snapshots before are as they were", async () => {
      const before = await world.addFiles(table, [
        [numberEvent(1, days(30)), numberEvent(2, days(20))],
        [numberEvent(3, days(10.5)), numberEvent(4, days(3))],
        [numberEvent(5)],
      ]);
      const maintainer = world.maintainer();
      expect(await maintainer.retain(kept(table), Date.now())).toMatchObject({
        filesEnded: 1,
        filesRewritten: 0,
        rowsRemoved: 2,
      });
      expect(await world.rowsOf(table)).toHaveLength(3);
      expect(await maintainer.retain(kept(table), Date.now() + day)).toMatchObject({
        filesEnded: 0,
        filesRewritten: 1,
        rowsRemoved: 1,
      });
      expect((await world.rowsOf(table)).map((row) => (JSON.parse(row) as { n: number }).n)).toEqual([4, 5]);
      expect(await world.rowsOf(table, before.snapshotId)).toHaveLength(5);
      expect(await maintainer.retain(kept(table), Date.now() + day)).toMatchObject({ rowsRemoved: 0 });
    });

    test("a deletion never goes before the row that it hides, though it came in earlier by the clock", async () => {
      const upserts = await world.make({ columns: keyedColumns, primaryKey: [1] });
      await world.addFiles(upserts, [
        [
          { key: "a", op: "upsert", payload: '{"id":9,"v":1}', ingestedAt: days(30) },
          { key: "b", op: "upsert", payload: '{"id":1,"v":1}', ingestedAt: days(5) },
          { key: "c", op: "delete", payload: '{"id":1}', ingestedAt: days(30) },
        ],
      ]);
      expect(await world.maintainer().retain(kept(upserts), Date.now())).toMatchObject({ rowsRemoved: 1 });
      expect(await world.rowsOf(upserts)).toEqual([]);
    });

    test("a file of old rows stays as long as one that it overlaps does, or a deletion in it might go first", async () => {
      const upserts = await world.make({
        columns: keyedColumns,
        primaryKey: [1],
        partitionBy: [{ fieldId: 2, transform: "identity" }],
      });
      await world.addFiles(upserts, [
        [
          { key: "a", op: "upsert", payload: '{"id":1,"v":1}', ingestedAt: days(30) },
          { key: "b", op: "delete", payload: '{"id":1,"v":2}', ingestedAt: days(30) },
          { key: "c", op: "upsert", payload: '{"id":3,"v":3}', ingestedAt: days(2) },
          { key: "d", op: "upsert", payload: '{"id":4,"v":1}', ingestedAt: days(30) },
        ],
      ]);
      expect(await world.lake.liveFiles(upserts.tableId)).toHaveLength(3);
      const rows = await world.rowsOf(upserts);
      await world.maintainer().retain({ ...upserts, retentionDays: 29.5 }, Date.now());
      expect(await world.lake.liveFiles(upserts.tableId)).toHaveLength(3);
      expect(await world.rowsOf(upserts)).toEqual(rows);
      await world.maintainer().retain(kept(upserts), Date.now());
      expect((await world.rowsOf(upserts)).map((row) => (JSON.parse(row) as { id: number }).id)).toEqual([3, 4]);
    });

    test("the files of a dropped table end, and time travel is left as it was", async () => {
      await world.addFiles(table, [[numberEvent(1)], [numberEvent(2)]]);
      await world.tables.dropTable(table);
      expect(await world.maintainer().endDropped(table.tenantNo)).toBe(2);
      expect(await world.lake.liveFiles(table.tableId)).toEqual([]);
      expect(await world.lake.snapshot("acme", { newest: true })).toMatchObject({ kind: "drop" });
      expect(await world.maintainer().endDropped(table.tenantNo)).toBe(0);
    });
  });
});
