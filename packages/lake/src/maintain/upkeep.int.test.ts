import { copyFile, mkdir, readdir, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import type { Column } from "@millrace/contract";
import { type EventTable, jumpHeads, type ObjectStore } from "@millrace/storage";

import { day, maintainerOf, type MaintainWorld, openMaintainWorld, type TestEvent } from "./testing/maintain-world.ts";

let world: MaintainWorld;
let table: EventTable;
beforeEach(async () => {
  world = await openMaintainWorld();
  table = await world.make({ columns: number });
});
afterEach(() => world.close());

const number: readonly Column[] = [{ fieldId: 1, name: "n", type: "int64", nullable: true }];
const keyed: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int32", nullable: false },
  { fieldId: 2, name: "v", type: "int32", nullable: true },
];
const event = (n: number, ingestedAt?: Date): TestEvent => ({
  key: `${n}`,
  payload: `{"n":${n}}`,
  ...(ingestedAt && { ingestedAt }),
});

/** Makes everything so much older, as if the time had passed. */
async function age(ms: number): Promise<void> {
  const by = `${ms} * interval '1 millisecond'`;
  for (const text of [
    `update millrace.lake_snapshots set snapshot_time = snapshot_time - ${by}, expired_at = expired_at - ${by}`,
    `update millrace.event_progress set snapshot_time = snapshot_time - ${by}`,
    `update millrace.lake_files set ended_at = ended_at - ${by}, deleting_at = deleting_at - ${by}, deleted_at = deleted_at - ${by}`,
    `update millrace.lake_intents set created_at = created_at - ${by}`,
    `update millrace.lake_pins set expires_at = expires_at - ${by}`,
  ])
    await world.db.query({ name: "test", text });
}

async function stored(): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of world.objects.list("")) paths.push(path);
  return paths;
}

/** Eight files that are merged into one; answers the snapshot before. */
async function merged(): Promise<number> {
  const { snapshotId } = await world.addFiles(
    table,
    Array.from({ length: 8 }, (_, index) => [event(index)]),
  );
  await world.maintainer().compact(table);
  return snapshotId;
}

const pin = { reason: "audit", createdBy: "test", expiresAt: undefined };

describe("expiry", () => {
  test("a snapshot that was the newest within the time is kept, and so are its files", async () => {
    const before = await merged();
    await age(day);
    expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 0, filesDeleted: 0 });
    expect(await world.rowsOf(table, before)).toHaveLength(8);
    expect(await stored()).toHaveLength(9);
  });

  test("an old one expires and answers that, its files go after the grace, the newest never does", async () => {
    const before = await merged();
    await age(8 * day);
    const patient = world.maintainer({ graceMs: day });
    expect(await patient.expire(table.tenantNo)).toMatchObject({
      snapshotsExpired: 1,
      filesMarked: 8,
      filesDeleted: 0,
    });
    await expect(world.rowsOf(table, before)).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
    expect(await stored()).toHaveLength(9);
    await age(2 * day);
    expect(await patient.expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 0, filesDeleted: 8 });
    expect(await stored()).toHaveLength(1);
    expect(await world.rowsOf(table)).toHaveLength(8);
    expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ filesChecked: 1, faults: 0 });
  });

  test("an id whose row is gone, and a time before all that is known, still answer that they have expired", async () => {
    const before = await merged();
    const at = new Date(Date.now() - 12 * day);
    await age(8 * day);
    await world.maintainer().expire(table.tenantNo);
    await age(2 * day);
    expect((await world.maintainer().expire(table.tenantNo)).rowsForgotten).toBe(1 + 8);
    expect(await world.lake.listSnapshots("acme", { limit: 10 })).toHaveLength(1);
    await expect(world.lake.snapshot("acme", { snapshotId: before })).rejects.toMatchObject({
      code: "SNAPSHOT_EXPIRED",
    });
    await expect(world.lake.snapshot("acme", { at })).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
    expect(await world.lake.snapshot("acme", { snapshotId: 99 })).toBeUndefined();
  });

  test("a pin keeps its snapshot and only its files, and the time after it isn't taken for it", async () => {
    const before = await merged();
    await world.lake.pin("acme", before, pin);
    for (let more = 0; more < 3; more++) await world.addFiles(table, [[event(10 + more)]]);
    await age(8 * day);
    const after = new Date((await world.lake.snapshot("acme", { snapshotId: before + 2 }))?.snapshotTime ?? 0);
    await world.maintainer().expire(table.tenantNo);
    await age(2 * day);
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
    expect(await stored()).toHaveLength(4);
  });

  test("a pin that has run out keeps nothing", async () => {
    const before = await merged();
    await world.lake.pin("acme", before, { ...pin, expiresAt: new Date(Date.now() + day) });
    await age(8 * day);
    expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ snapshotsExpired: 1, filesDeleted: 8 });
  });

  test("a deletion that ends after the objects are gone is taken up again", async () => {
    await merged();
    await age(8 * day);
    const failing = world.maintainer({
      onStep(step) {
        if (step === "deleted") throw new Error("The process ends here");
      },
    });
    await expect(failing.expire(table.tenantNo)).rejects.toThrow("ends here");
    expect(await stored()).toHaveLength(1);
    expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 8 });
    expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 0 });
  });
});

describe("retention", () => {
  const days = (count: number) => new Date(Date.now() - count * day);
  const kept = (one: EventTable) => ({ ...one, retentionDays: 10 });

  test("files of old rows end, one with both is written anew once it is a day overdue, and snapshots before are as they were", async () => {
    const before = await world.addFiles(table, [
      [event(1, days(30)), event(2, days(20))],
      [event(3, days(10.5)), event(4, days(3))],
      [event(5)],
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
    const upserts = await world.make({ columns: keyed, primaryKey: [1] });
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
      columns: keyed,
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
    await world.addFiles(table, [[event(1)], [event(2)]]);
    await world.tables.dropTable(table);
    expect(await world.maintainer().endDropped(table.tenantNo)).toBe(2);
    expect(await world.lake.liveFiles(table.tableId)).toEqual([]);
    expect(await world.lake.snapshot("acme", { newest: true })).toMatchObject({ kind: "drop" });
    expect(await world.maintainer().endDropped(table.tenantNo)).toBe(0);
  });
});

describe("orphans", () => {
  async function leave(name: string, ageMs: number): Promise<string> {
    const path = `${table.tenantNo}/${table.tableId}/${name}`;
    const file = join(world.root, name);
    await writeFile(file, "x");
    await world.objects.put(path, file);
    const then = new Date(Date.now() - ageMs);
    await utimes(join(world.root, "objects", path), then, then);
    return path;
  }

  test("objects with an old intent and old ones that nobody knows go; young ones and all that is in a snapshot stay", async () => {
    await world.addFiles(table, [[event(1)]]);
    const intended = await leave("intended", 0);
    await world.lake.intend({
      tenantNo: table.tenantNo,
      epoch: 0,
      batchId: "00000000-0000-4000-8000-000000000000",
      paths: [intended],
    });
    await age(2 * day);
    await leave("old", 3 * day);
    const young = await leave("young", 0);
    const known = (await world.lake.liveFiles(table.tableId)).map(({ path }) => path);
    const maintainer = world.maintainer({ graceMs: day, orphanGraceMs: day });
    expect(await maintainer.sweep(table.tenantNo)).toEqual({
      intentsSwept: 1,
      objectsListed: 3,
      objectsDeleted: 1,
      sweeping: true,
    });
    expect((await stored()).toSorted()).toEqual([...known, young].toSorted());
  });

  test("a publication whose intent was swept is refused", async () => {
    await world.addFiles(
      table,
      Array.from({ length: 8 }, (_, index) => [event(index)]),
    );
    const live = await world.lake.liveFiles(table.tableId);
    const slow = world.maintainer({
      async onStep(step) {
        if (step !== "uploaded") return;
        await age(2 * day);
        await world.maintainer({ graceMs: day }).sweep(table.tenantNo);
      },
    });
    expect(await slow.compact(table)).toMatchObject({ merges: 0, lost: 3 });
    expect(await world.lake.liveFiles(table.tableId)).toEqual(live);
    expect(await stored()).toHaveLength(8);
  });

  test("a sweep that ends after the objects are gone refuses their publication all the same, and is taken up again", async () => {
    const { tenantNo, tableId } = table;
    await world.addFiles(
      table,
      Array.from({ length: 8 }, (_, index) => [event(index)]),
    );
    const live = await world.lake.liveFiles(tableId);
    const slow = world.maintainer({
      async onStep(step) {
        if (step !== "uploaded") return;
        await age(2 * day);
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
  test.each([
    ["missing", (path: string) => rm(path, { force: true })],
    ["size", (path: string) => truncate(path, 10)],
    [
      "content",
      async (path: string) => {
        const { size } = await stat(path);
        await rm(path, { force: true });
        await writeFile(path, Buffer.alloc(size));
      },
    ],
  ] as const)("finds a file whose fault is: %s", async (fault, spoil) => {
    await world.addFiles(table, [[event(1)], [event(2)]]);
    const { tenantNo, tableId } = table;
    expect(await world.maintainer().check({ tenantNo })).toEqual({
      filesChecked: 2,
      filesRead: 2,
      faults: 0,
      faulty: [],
      sweeping: true,
    });
    const [first] = await world.lake.liveFiles(tableId);
    await spoil(join(world.root, "objects", first?.path ?? ""));
    expect(await world.maintainer().check({ tenantNo })).toMatchObject({
      faults: 1,
      faulty: [{ tableId, path: first?.path, fault }],
    });
  });

  test("reads the objects of a remote store themselves, every time, and leaves nothing behind", async () => {
    await world.addFiles(table, [[event(1)]]);
    const { tenantNo, tableId } = table;
    const remote: ObjectStore = {
      ...world.objects,
      kind: "s3",
      async fetch(path, target) {
        await copyFile(await world.objects.fetch(path, ""), target);
        return target;
      },
    };
    const root = join(world.root, "elsewhere");
    await mkdir(join(root, "cache"), { recursive: true });
    const maintainer = maintainerOf({ ...world, objects: remote }, world.upkeep, root);
    onTestFinished(() => maintainer.close());
    expect(await maintainer.check({ tenantNo })).toMatchObject({ filesRead: 1, faults: 0 });
    const [first] = await world.lake.liveFiles(tableId);
    const object = join(world.root, "objects", first?.path ?? "");
    const { size } = await stat(object);
    await rm(object, { force: true });
    await writeFile(object, Buffer.alloc(size));
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
    await world.addFiles(table, [[event(1)]]);
    await world.db.query({ name: "test", text });
    expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ faulty: [{ fault }] });
  });
});

describe("a restored database", () => {
  test("gives no id out again, and deletes nothing until every tenant's files were found", async () => {
    const before = await merged();
    const other = await world.make({ columns: number, tenantId: "other" });
    await world.addFiles(other, [[event(1)]]);
    await age(8 * day);
    expect(await jumpHeads(world.db)).toBe(2);
    expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({
      filesMarked: 8,
      filesDeleted: 0,
      sweeping: false,
    });
    expect(await world.maintainer().sweep(table.tenantNo)).toMatchObject({ objectsDeleted: 0, sweeping: false });
    const next = await world.addFiles(table, [[event(9)]]);
    expect(next.snapshotId).toBeGreaterThan(before + 1_000_000);
    expect((await world.lake.progress("acme"))?.head).toBeGreaterThan(1_000_000_000);
    expect(await world.rowsOf(table)).toHaveLength(9);
    const fresh = await world.make({ columns: number, tenantId: "fresh" });
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
    const before = await merged();
    const merge = before + 1;
    const live = new Set((await world.lake.liveFiles(table.tableId)).map(({ path }) => path));
    // The backup still has the snapshot before the merge; in the time that was lost it expired, and its files went.
    await age(8 * day);
    await jumpHeads(world.db);
    await world.objects.delete((await stored()).filter((path) => !live.has(path)));
    expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0, sweeping: true });
    expect(await world.rowsOf(table, merge)).toHaveLength(8);
    await expect(world.rowsOf(table, before)).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
  });

  test("a file that the backup knows and the store has no more keeps deletion off", async () => {
    await merged();
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
