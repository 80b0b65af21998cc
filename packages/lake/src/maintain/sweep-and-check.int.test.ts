import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { type EventTable, jumpHeads, type ObjectStore } from "@millrace/storage";

import { describeOnStores } from "./testing/describe-on-stores.ts";
import { day, maintainerOf, type MaintainWorld, openMaintainWorld } from "./testing/maintain-world.ts";
import { eightFiles, mergedNumbers, numberEvent } from "./testing/number-table.ts";

describeOnStores("objects and catalogue", (openObjects) => {
  let world: MaintainWorld;
  let table: EventTable;
  beforeEach(async () => {
    world = await openMaintainWorld(openObjects);
    table = await world.make();
  });
  afterEach(() => world.close());

  describe("orphans", () => {
    const ages = new Map<string, number>();

    async function leave(name: string, ageMs: number): Promise<string> {
      const path = `${table.tenantNo}/${table.tableId}/${name}`;
      await world.store(path, "x");
      ages.set(path, ageMs);
      return path;
    }

    /** The store with objects that are older than they are: no store lets one say so. */
    const aged = (): ObjectStore => ({
      ...world.objects,
      async *list(prefix) {
        for await (const found of world.objects.list(prefix)) {
          yield { ...found, modifiedAt: new Date(found.modifiedAt.getTime() - (ages.get(found.path) ?? 0)) };
        }
      },
    });

    test("objects with an old intent and old ones that nobody knows go; young ones and all that is in a snapshot stay", async () => {
      await world.addFiles(table, [[numberEvent(1)]]);
      const intended = await leave("intended", 0);
      await world.lake.intend({
        tenantNo: table.tenantNo,
        epoch: 0,
        batchId: "00000000-0000-4000-8000-000000000000",
        paths: [intended],
      });
      await world.age(2 * day);
      await leave("old", 3 * day);
      const young = await leave("young", 0);
      const known = (await world.lake.liveFiles(table.tableId)).map(({ path }) => path);
      const settings = { graceMs: day, orphanGraceMs: day };
      const maintainer = maintainerOf({ ...world, objects: aged() }, world.upkeep, world.root, settings);
      onTestFinished(() => maintainer.close());
      expect(await maintainer.sweep(table.tenantNo)).toEqual({
        intentsSwept: 1,
        objectsListed: 3,
        objectsDeleted: 1,
        sweeping: true,
      });
      expect((await world.stored()).toSorted()).toEqual([...known, young].toSorted());
    });

    test("a publication whose intent was swept is refused", async () => {
      await world.addFiles(table, eightFiles);
      const live = await world.lake.liveFiles(table.tableId);
      const slow = world.maintainer({
        async onStep(step) {
          if (step !== "uploaded") return;
          await world.age(2 * day);
          await world.maintainer({ graceMs: day }).sweep(table.tenantNo);
        },
      });
      expect(await slow.compact(table)).toMatchObject({ merges: 0, lost: 3 });
      expect(await world.lake.liveFiles(table.tableId)).toEqual(live);
      expect(await world.stored()).toHaveLength(8);
    });

    test("a sweep that ends after the objects are gone refuses their publication all the same, and is taken up again", async () => {
      const { tenantNo, tableId } = table;
      await world.addFiles(table, eightFiles);
      const live = await world.lake.liveFiles(tableId);
      const slow = world.maintainer({
        async onStep(step) {
          if (step !== "uploaded") return;
          await world.age(2 * day);
          const swept = world.upkeep.sweepIntents({ tenantNo, graceMs: day, limit: 10 }, async (paths) => {
            await world.objects.delete(paths);
            throw new Error("The process ends here");
          });
          await expect(swept).rejects.toThrow("ends here");
        },
      });
      expect(await slow.compact(table)).toMatchObject({ merges: 0, lost: 3 });
      expect(await world.lake.liveFiles(tableId)).toEqual(live);
      const maintainer = world.maintainer({ graceMs: day });
      expect(await maintainer.sweep(tenantNo)).toMatchObject({ intentsSwept: 3 });
      expect(await maintainer.sweep(tenantNo)).toMatchObject({ intentsSwept: 0 });
    });
  });

  describe("a check", () => {
    /** Another object of the same size. */
    async function blank(path: string): Promise<void> {
      await world.store(path, Buffer.alloc((await world.objects.head(path))?.bytes ?? 0));
    }

    test.each([
      ["missing", (path: string) => world.objects.delete([path])],
      ["size", (path: string) => world.store(path, Buffer.alloc(10))],
      ["content", blank],
    ] as const)("finds a file whose fault is: %s", async (fault, spoil) => {
      await world.addFiles(table, [[numberEvent(1)], [numberEvent(2)]]);
      const { tenantNo, tableId } = table;
      expect(await world.maintainer().check({ tenantNo })).toEqual({
        filesChecked: 2,
        filesRead: 2,
        faults: 0,
        faulty: [],
        sweeping: true,
      });
      const [first] = await world.lake.liveFiles(tableId);
      await spoil(first?.path ?? "");
      expect(await world.maintainer().check({ tenantNo })).toMatchObject({
        faults: 1,
        faulty: [{ tableId, path: first?.path, fault }],
      });
    });

    test("reads the objects themselves, every time, and leaves no copies behind", async () => {
      await world.addFiles(table, [[numberEvent(1)]]);
      const { tenantNo, tableId } = table;
      const root = join(world.root, "elsewhere");
      await mkdir(join(root, "cache"), { recursive: true });
      const maintainer = maintainerOf(world, world.upkeep, root);
      onTestFinished(() => maintainer.close());
      expect(await maintainer.check({ tenantNo })).toMatchObject({ filesRead: 1, faults: 0 });
      const [first] = await world.lake.liveFiles(tableId);
      await blank(first?.path ?? "");
      expect(await maintainer.check({ tenantNo })).toMatchObject({ faulty: [{ path: first?.path, fault: "content" }] });
      const left = await readdir(root, { recursive: true });
      expect(left.filter((name) => name.endsWith(".parquet"))).toEqual([]);
    });

    test.each([
      ["rows", "update millrace.lake_files set row_count = row_count + 1"],
      [
        "fieldIds",
        `update millrace.event_table_versions set columns = '[{"fieldId":7,"name":"n","type":"int64","nullable":true}]'`,
      ],
    ])("finds a catalogue that says something else of: %s", async (fault, text) => {
      await world.addFiles(table, [[numberEvent(1)]]);
      await world.db.query({ name: "test", text });
      expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ faulty: [{ fault }] });
    });
  });

  describe("a restored database", () => {
    test("gives no id out again, and deletes nothing until every tenant's files were found", async () => {
      const before = await mergedNumbers(world, table);
      const other = await world.make({ tenantId: "other" });
      await world.addFiles(other, [[numberEvent(1)]]);
      await world.age(8 * day);
      expect(await jumpHeads(world.db)).toBe(2);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({
        filesMarked: 8,
        filesDeleted: 0,
        sweeping: false,
      });
      expect(await world.maintainer().sweep(table.tenantNo)).toMatchObject({ objectsDeleted: 0, sweeping: false });
      const next = await world.addFiles(table, [[numberEvent(9)]]);
      expect(next.snapshotId).toBeGreaterThan(before + 1_000_000);
      expect((await world.lake.progress("acme"))?.head).toBeGreaterThan(1_000_000_000);
      expect(await world.rowsOf(table)).toHaveLength(9);
      const fresh = await world.make({ tenantId: "fresh" });
      expect(fresh.tenantNo).toBeGreaterThan(100_000);
      expect(fresh.tableId).toBeGreaterThan(100_000);
      // All are read, though a few would do at other times.
      expect(await world.maintainer().check({ tenantNo: table.tenantNo, share: 0 })).toMatchObject({
        filesRead: 2,
        sweeping: false,
      });
      expect((await world.maintainer().check({ tenantNo: other.tenantNo })).sweeping).toBe(true);
      expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 8, sweeping: true });
    });

    test("files that have gone since the backup with their last snapshot are not missed", async () => {
      const before = await mergedNumbers(world, table);
      const merge = before + 1;
      const live = new Set((await world.lake.liveFiles(table.tableId)).map(({ path }) => path));
      // The backup still has the snapshot before the merge; in the time that was lost it expired, and its files went.
      await world.age(8 * day);
      await jumpHeads(world.db);
      await world.objects.delete((await world.stored()).filter((path) => !live.has(path)));
      expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0, sweeping: true });
      expect(await world.rowsOf(table, merge)).toHaveLength(8);
      await expect(world.rowsOf(table, before)).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
    });

    test("a file that the backup knows and the store has no more keeps deletion off", async () => {
      await mergedNumbers(world, table);
      await jumpHeads(world.db);
      const [live] = await world.lake.liveFiles(table.tableId);
      await world.objects.delete([live?.path ?? ""]);
      expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({
        faults: 1,
        sweeping: undefined,
      });
      expect(await world.upkeep.isSweeping()).toBe(false);
    });
  });
});
