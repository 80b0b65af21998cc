import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Transaction } from "../executor.ts";
import { createPostgresTableStore } from "../tables/postgres-table-store.ts";
import type { EventTable, TableStore } from "../tables/table-store.ts";
import { addTable } from "../testing/add-table.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { LakeStore, NewLakeFile, Snapshot, SnapshotChange } from "./lake-store.ts";
import { createPostgresLakeStore } from "./postgres-lake-store.ts";
import { createPostgresLakeUpkeep } from "./upkeep/postgres-lake-upkeep.ts";

let db: TestDatabase;
let lake: LakeStore;
let tables: TableStore;
let table: EventTable;
let tests = 0;
beforeAll(async () => {
  db = await testDatabase();
  lake = createPostgresLakeStore(db.database);
  tables = createPostgresTableStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  table = await addTable(tables, { tenantId: `tenant${++tests}` });
});

const at = new Date("2026-05-01T10:00:00.123Z");

function file(minOffset = 1, maxOffset = minOffset, tableId = table.tableId): NewLakeFile {
  return {
    tableId,
    version: 1,
    path: `${table.tenantNo}/${tableId}/${randomUUID()}.parquet`,
    rowCount: maxOffset - minOffset + 1,
    fileBytes: 9_007_199_254_740_991,
    contentHash: "ab".repeat(32),
    minOffset,
    maxOffset,
    minIngestedAt: at,
    maxIngestedAt: at,
    columnStats: '{"1":{"min":"1"}}',
  };
}

/** Moves the watermark as a bus does. */
const moveTo = (watermark: number) => async (tx: Transaction) => {
  const rows = await tx.query(
    {
      name: "test",
      text: "update millrace.event_progress set watermark = $2::bigint where tenant_no = $1::bigint and watermark < $2::bigint returning 1",
    },
    [table.tenantNo, watermark],
  );
  return rows.length === 1;
};

/** Publishes with intents, as everybody does. */
async function publish(change: Partial<SnapshotChange> = {}): Promise<Snapshot | undefined> {
  const full: SnapshotChange = {
    tenantNo: table.tenantNo,
    kind: "publish",
    batchId: randomUUID(),
    adds: [],
    ends: [],
    ...change,
  };
  await lake.intend({ ...full, epoch: 1, paths: full.adds.map(({ path }) => path) });
  return lake.publish(full);
}

const count = async (what: string) => {
  const [row] = await db.database.query<{ count: number }>({
    name: "test",
    text: `select count(*) from millrace.${what} where tenant_no = ${table.tenantNo}`,
  });
  return row?.count;
};
const newest = async () => (await lake.snapshot(table.tenantId, { newest: true }))!;
const filesAt = async (snapshotId: number) =>
  lake.filesOf((await lake.snapshot(table.tenantId, { snapshotId }))!, [table.tableId]);

describe("snapshots", () => {
  test("a tenant without a log has none, one without a publication has the empty one", async () => {
    expect(await lake.snapshot("nobody", { newest: true })).toBeUndefined();
    expect(await lake.snapshot("nobody", { snapshotId: 0 })).toBeUndefined();
    expect(await lake.progress("nobody")).toBeUndefined();
    const empty = {
      tenantNo: table.tenantNo,
      snapshotId: 0,
      watermark: 0,
      kind: "publish",
      expired: false,
      pinned: false,
    };
    expect(await newest()).toMatchObject(empty);
    expect(await lake.snapshot(table.tenantId, { at: new Date(0) })).toMatchObject(empty);
    expect(await lake.filesOf(await newest(), [table.tableId])).toEqual([]);
    expect(await lake.progress(table.tenantId)).toEqual({ tenantNo: table.tenantNo, head: 0, watermark: 0 });
  });

  test("ids are dense, times rise, and each is found by its id, its time and its batch", async () => {
    const batches = Array.from({ length: 5 }, () => randomUUID());
    const made: Snapshot[] = [];
    for (const [index, batchId] of batches.entries())
      made.push((await publish({ batchId, advance: moveTo(index + 1) }))!);
    expect(made.map(({ snapshotId, watermark }) => [snapshotId, watermark])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
    for (const [index, snapshot] of made.entries()) {
      const { snapshotId, snapshotTime } = snapshot;
      expect(await lake.snapshot(table.tenantId, { snapshotId })).toEqual(snapshot);
      expect(await lake.snapshot(table.tenantId, { at: snapshotTime })).toEqual(snapshot);
      expect(await lake.snapshot(table.tenantId, { at: new Date(snapshotTime.getTime() - 1) })).toMatchObject({
        snapshotId: expect.toSatisfy((id: number) => id < snapshotId),
      });
      expect(await lake.findBatch(batches[index]!)).toEqual(snapshot);
    }
    expect(await lake.findBatch(randomUUID())).toBeUndefined();
    expect(await newest()).toEqual(made[4]);
    expect(await lake.snapshot(table.tenantId, { snapshotId: 6 })).toBeUndefined();
    expect((await lake.listSnapshots(table.tenantId, { limit: 2 })).map(({ snapshotId }) => snapshotId)).toEqual([
      5, 4,
    ]);
    expect(
      (await lake.listSnapshots(table.tenantId, { before: 4, limit: 9 })).map(({ snapshotId }) => snapshotId),
    ).toEqual([3, 2, 1]);
  });

  test("publications at once get ids in the order of their commits, without a gap", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => publish({ adds: [file()], kind: "compaction" })));
    expect(made.map((snapshot) => snapshot?.snapshotId).toSorted((a, b) => a! - b!)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const listed = await lake.listSnapshots(table.tenantId, { limit: 50 });
    const times = listed.map(({ snapshotTime }) => snapshotTime.getTime());
    expect(new Set(times).size).toBe(20);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test("are told with their watermark when they are there, and not before", async () => {
    const told = Promise.withResolvers<unknown>();
    const watch = await lake.watchSnapshots(
      (published) => told.resolve(newest().then((seen) => [published, seen])),
      () => {},
    );
    const snapshot = await publish({ advance: moveTo(7) });
    expect(await told.promise).toEqual([{ tenantNo: table.tenantNo, snapshotId: 1, watermark: 7 }, snapshot]);
    await watch.close();
  });
});

describe("files", () => {
  test("are in the snapshots from their first to the one that ends them, whatever is published later", async () => {
    const [a, b, c] = [file(1, 5), file(6, 9), file(1, 9)];
    await publish({ adds: [a] });
    await publish({ adds: [b] });
    const [fileA, fileB] = await lake.liveFiles(table.tableId);
    await publish({ kind: "compaction", adds: [c], ends: [fileA!.fileId, fileB!.fileId] });
    const paths = async (snapshotId: number) => (await filesAt(snapshotId)).map(({ path }) => path);
    expect([await paths(1), await paths(2), await paths(3)]).toEqual([[a.path], [a.path, b.path], [c.path]]);
    expect(await lake.liveFiles(table.tableId)).toEqual(await filesAt(3));
    const { columnStats: _, ...kept } = a;
    expect(fileA).toEqual({ ...kept, fileId: expect.any(Number), beginSnapshot: 1 });
  });

  test("of other tables and tenants are in no answer, and can't be ended", async () => {
    const mine = table;
    await publish({ adds: [file()] });
    const [live] = await lake.liveFiles(mine.tableId);
    table = await addTable(tables, { tenantId: `tenant${++tests}` });
    await publish({ adds: [file()] });
    expect(await lake.filesOf(await newest(), [mine.tableId])).toEqual([]);
    expect(await publish({ kind: "compaction", ends: [live!.fileId] })).toBeUndefined();
    expect(await lake.liveFiles(mine.tableId)).toHaveLength(1);
  });

  test("of an expired snapshot are refused, never fewer rows", async () => {
    await publish({ adds: [file()] });
    const snapshot = await newest();
    await db.database.query({
      name: "test",
      text: `update millrace.lake_snapshots set expired_at = now() where tenant_no = ${table.tenantNo}`,
    });
    await expect(lake.filesOf(snapshot, [table.tableId])).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
    expect(await newest()).toMatchObject({ expired: true });
  });

  test("tables are listed by how many live files they have, dropped ones not at all", async () => {
    await publish({ adds: [file(1), file(2), file(3)] });
    const [first] = await lake.liveFiles(table.tableId);
    await publish({ kind: "retention", ends: [first!.fileId] });
    const listed = async (liveFilesMin: number) => {
      const filter = {
        afterTableId: table.tableId - 1,
        liveFilesMin,
        limit: 10,
        keyPrefix: "test ",
        backOffMs: 60_000,
      };
      const toMerge = await createPostgresLakeUpkeep(db.database).tablesToMerge(filter);
      return toMerge.find(({ tableId }) => tableId === table.tableId)?.files.length;
    };
    expect(await listed(2)).toBe(2);
    expect(await listed(3)).toBe(0);
    await createPostgresTableStore(db.database).dropTable(table);
    expect(await listed(1)).toBeUndefined();
  });
});

describe("a publication that may not be", () => {
  test.each<readonly [what: string, change: () => Promise<Partial<SnapshotChange>>]>([
    ["whose range is somebody else's", async () => ({ advance: async (tx) => (await moveTo(5)(tx)) && false })],
    [
      "that ends a file twice",
      async () => {
        await publish({ adds: [file()] });
        const ends = (await lake.liveFiles(table.tableId)).map(({ fileId }) => fileId);
        await publish({ kind: "compaction", ends });
        return { kind: "compaction", ends };
      },
    ],
    ["that ends a file that never was", async () => ({ kind: "compaction", ends: [999_999_999] })],
  ])("%s writes nothing at all", async (_, change) => {
    const given = await change();
    const before = [await newest(), await lake.liveFiles(table.tableId), await lake.progress(table.tenantId)];
    const letter = {
      tableId: table.tableId,
      offset: 1,
      version: 1,
      op: "insert",
      key: "k",
      payload: "{}",
      eventTime: undefined,
      ingestedAt: at,
      code: "X",
      path: "",
      message: "m",
    };
    expect(await publish({ adds: [file()], deadLetters: [letter], ...given })).toBeUndefined();
    expect([await newest(), await lake.liveFiles(table.tableId), await lake.progress(table.tenantId)]).toEqual(before);
    expect([await count("lake_intents"), await count("dead_letters")]).toEqual([1, 0]);
  });

  test("whose object the sweeper has taken writes nothing", async () => {
    const adds = [file()];
    const change: SnapshotChange = { tenantNo: table.tenantNo, kind: "publish", batchId: randomUUID(), adds, ends: [] };
    expect(await lake.publish(change)).toBeUndefined();
    expect(await lake.liveFiles(table.tableId)).toEqual([]);
  });

  test("with a batch id that is published already fails", async () => {
    const batchId = randomUUID();
    await publish({ batchId });
    await expect(publish({ batchId })).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await newest()).toMatchObject({ snapshotId: 1 });
  });

  test("of a tenant without a log is refused", async () => {
    expect(
      await lake.publish({ tenantNo: 999_999, kind: "publish", batchId: randomUUID(), adds: [], ends: [] }),
    ).toBeUndefined();
  });
});

test("intents are there from before the upload to the publication", async () => {
  const adds = [file(), file()];
  const batchId = randomUUID();
  await lake.intend({ tenantNo: table.tenantNo, epoch: 3, batchId, paths: adds.map(({ path }) => path) });
  expect(await count("lake_intents")).toBe(2);
  await lake.publish({ tenantNo: table.tenantNo, kind: "publish", batchId, adds, ends: [] });
  expect(await count("lake_intents")).toBe(0);
});

test("a dead letter is kept once, with everything that it takes to replay it", async () => {
  const letter = {
    tableId: table.tableId,
    offset: 4,
    version: 1,
    op: "upsert",
    key: "k",
    payload: '{"n":1}',
    eventTime: at,
    ingestedAt: at,
    code: "VALUE_NOT_STORABLE",
    path: "n",
    message: "It can't.",
  };
  await publish({ deadLetters: [letter], advance: moveTo(4) });
  await publish({ deadLetters: [{ ...letter, code: "OTHER" }] });
  const rows = await db.database.query({
    name: "test",
    text: `select * from millrace.dead_letters where tenant_no = ${table.tenantNo}`,
  });
  expect(rows).toMatchObject([
    {
      tenant_id: table.tenantId,
      table_id: table.tableId,
      event_offset: 4,
      op: "upsert",
      key: "k",
      payload: '{"n":1}',
      event_time: at,
      ingested_at: at,
      code: "VALUE_NOT_STORABLE",
      path: "n",
    },
  ]);
});

describe("pins", () => {
  const given = { reason: "report", createdBy: "me", expiresAt: undefined };

  test("are on snapshots that are there, until they run out or are taken off", async () => {
    const snapshot = await publish();
    expect(await lake.pin(table.tenantId, 1, given)).toEqual({ ...snapshot, pinned: true });
    expect(await newest()).toMatchObject({ pinned: true });
    expect(await lake.pin(table.tenantId, 1, { ...given, expiresAt: new Date(Date.now() - 60_000) })).toMatchObject({
      pinned: false,
    });
    expect(await lake.unpin(table.tenantId, 1)).toBe(true);
    expect(await lake.unpin(table.tenantId, 1)).toBe(false);
    expect(await lake.pin(table.tenantId, 0, given)).toBeUndefined();
    expect(await lake.pin(table.tenantId, 2, given)).toBeUndefined();
    expect(await lake.pin("nobody", 1, given)).toBeUndefined();
  });

  test("come too late for what has expired, also while somebody is letting it expire", async () => {
    await publish();
    const held = Promise.withResolvers<void>();
    const expiring = db.database.withTransaction(async (tx) => {
      await tx.query({
        name: "test",
        text: `select from millrace.event_progress where tenant_no = ${table.tenantNo} for no key update`,
      });
      const pinned = lake.pin(table.tenantId, 1, given);
      held.resolve();
      await tx.query({
        name: "test",
        text: `update millrace.lake_snapshots set expired_at = now() where tenant_no = ${table.tenantNo}`,
      });
      return { pinned };
    });
    await held.promise;
    const { pinned } = await expiring;
    expect(await pinned).toBe("expired");
    expect(await count("lake_pins")).toBe(0);
  });
});
