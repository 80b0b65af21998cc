import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { array, asyncProperty, assert, constantFrom, integer, record } from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { Column } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { describeOnStores } from "./testing/describe-on-stores.ts";
import { type MaintainWorld, openMaintainWorld } from "./testing/maintain-world.ts";
import { keyedColumns, numberEvent } from "./testing/number-table.ts";

// Thousands of small files take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => numberEvent(from + index));

describeOnStores("compaction", (openObjects) => {
  let world: MaintainWorld;
  beforeAll(async () => {
    world = await openMaintainWorld(openObjects);
  });
  afterAll(() => world?.close());

  const liveOf = async ({ tableId }: EventTable) => (await world.lake.liveFiles(tableId)).length;

  test("a thousand small files become a handful with the same rows, and the snapshot before is as it was", async () => {
    const table = await world.make();
    for (let part = 0; part < 20; part++) {
      await world.addFiles(
        table,
        Array.from({ length: 50 }, (_, index) => numbered(3, (part * 50 + index) * 3)),
      );
    }
    const before = await world.lake.snapshot("acme", { newest: true });
    const rows = await world.rowsOf(table);
    expect(await liveOf(table)).toBe(1_000);
    const report = await world.maintainer().compact(table);
    expect(report).toMatchObject({ lost: 0, files: await liveOf(table) });
    expect(report.files).toBeLessThan(16);
    expect(await world.rowsOf(table)).toEqual(rows);
    expect(await world.rowsOf(table, before?.snapshotId)).toEqual(rows);
    const after = await world.lake.snapshot("acme", { newest: true });
    expect(after).toMatchObject({ kind: "compaction", watermark: before?.watermark });
    expect(await world.maintainer().compact(table)).toMatchObject({ merges: 0 });
  });

  test("files of older versions come into the newest one, the fields of their structs by id", async () => {
    const first: readonly Column[] = [
      { fieldId: 1, name: "a", type: "int32", nullable: true },
      { fieldId: 2, name: "s", type: { struct: [{ fieldId: 3, name: "x", type: "int32" }] }, nullable: true },
      { fieldId: 4, name: "gone", type: "varchar", nullable: true },
    ];
    const second: readonly Column[] = [
      { fieldId: 1, name: "b", type: "int64", nullable: true },
      {
        fieldId: 2,
        name: "s",
        type: {
          struct: [
            { fieldId: 3, name: "y", type: "int64" },
            { fieldId: 5, name: "x", type: "varchar" },
          ],
        },
        nullable: true,
      },
      { fieldId: 6, name: "added", type: "varchar", nullable: true, default: '"it\'s"' },
    ];
    const old = await world.make({ columns: first });
    await world.addFiles(
      old,
      Array.from({ length: 5 }, (_, index) => [
        { key: `${index}`, payload: `{"a":${index},"s":{"x":${index}},"gone":"g"}` },
      ]),
    );
    const changed = await world.tables.changeTable({
      tableId: old.tableId,
      from: old,
      to: { ...old, columns: second },
    });
    await world.addFiles(
      changed!,
      Array.from({ length: 5 }, (_, index) => [
        { key: `n${index}`, payload: `{"b":5000000000,"s":{"y":${index},"x":"new"}}` },
      ]),
    );
    const rows = await world.rowsOf(old);
    expect(JSON.parse(rows[3] ?? "")).toMatchObject({ b: 3, s: { y: 3, x: null }, added: "it's" });
    await world.maintainer().compact(old);
    expect(await liveOf(old)).toBe(1);
    expect((await world.lake.liveFiles(old.tableId))[0]).toMatchObject({ version: 2, rowCount: 10 });
    expect(await world.rowsOf(old)).toEqual(rows);
  });

  test("a table with a primary key shows the same whatever is merged, and is folded", async () => {
    const event = record({ id: integer({ min: 1, max: 6 }), v: integer(), op: constantFrom("upsert", "delete") });
    const small = { filesMax: 10, inputsMax: 4, smallestTierBytes: 65_536, tierRatio: 2, targetBytes: 1_048_576 };
    const maintainer = world.maintainer({ compaction: small });
    await assert(
      asyncProperty(
        array(array(event, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 12 }),
        async (lists) => {
          const table = await world.make({ columns: keyedColumns, primaryKey: [1] });
          await world.addFiles(
            table,
            lists.map((list) =>
              list.map(({ id, v, op }, index) => ({
                key: `${index}`,
                op,
                payload: op === "delete" ? `{"id":${id}}` : `{"id":${id},"v":${v}}`,
              })),
            ),
          );
          const rows = await world.rowsOf(table);
          const { files } = await maintainer.compact(table);
          expect(await world.rowsOf(table)).toEqual(rows);
          const live = await world.lake.liveFiles(table.tableId);
          expect(files).toBe(live.length);
          // When all is in one file, that has a row for each key that is there, and none for those that are deleted.
          if (lists.length > 1 && live.length <= 1) expect(live[0]?.rowCount ?? 0).toBe(rows.length);
        },
      ),
      { numRuns: 10 },
    );
  });

  test("a deletion stays as long as an older file may have the row that it hides", async () => {
    const table = await world.make({ columns: keyedColumns, primaryKey: [1] });
    const filler = Array.from({ length: 3_000 }, (_, index) => ({
      key: `${index}`,
      op: "upsert" as const,
      payload: `{"id":${1_000 + index},"v":${(index * 7_919) % 65_537}}`,
    }));
    await world.addFiles(table, [[{ key: "row", op: "upsert", payload: '{"id":1,"v":1}' }, ...filler]]);
    await world.addFiles(
      table,
      Array.from({ length: 4 }, (_, index) => [{ key: `d${index}`, op: "delete" as const, payload: '{"id":1}' }]),
    );
    const compaction = { filesMax: 10, inputsMax: 4, smallestTierBytes: 4_096, tierRatio: 4, targetBytes: 1_048_576 };
    await world.maintainer({ compaction }).compact(table);
    const live = await world.lake.liveFiles(table.tableId);
    expect(live.map(({ rowCount }) => rowCount)).toEqual([3_001, 1]);
    expect(await world.rowsOf(table)).toHaveLength(3_000);
  });

  test("of compactors at the same time each file is merged by one, and no row is lost or twice", async () => {
    const table = await world.make();
    await world.addFiles(
      table,
      Array.from({ length: 130 }, (_, index) => numbered(2, index * 2)),
    );
    const rows = await world.rowsOf(table);
    const reports = await Promise.all([1, 2, 3].map(() => world.maintainer().compact(table)));
    expect(reports.reduce((sum, { merges }) => sum + merges, 0)).toBeGreaterThan(0);
    expect(await world.rowsOf(table)).toEqual(rows);
    expect(await liveOf(table)).toBeLessThan(8);
    const paths = new Set((await world.lake.liveFiles(table.tableId)).map(({ path }) => path));
    const known = await world.upkeep.knownPaths([...paths]);
    expect(known).toHaveLength(paths.size);
  });

  test.each(["written", "intended", "uploaded"] as const)(
    "one that is aborted when its file is %s publishes nothing any more, and another merges the same files",
    async (at) => {
      const table = await world.make();
      await world.addFiles(
        table,
        Array.from({ length: 8 }, (_, index) => numbered(2, index * 2)),
      );
      const before = await world.lake.liveFiles(table.tableId);
      const abort = new AbortController();
      const reason = new Error("enough");
      const left = world.maintainer({ onStep: (step) => (step === at ? abort.abort(reason) : undefined) });
      await expect(left.compact(table, abort.signal)).rejects.toBe(reason);
      expect(await world.lake.liveFiles(table.tableId)).toEqual(before);
      expect(await world.maintainer().compact(table)).toMatchObject({ lost: 0, merges: 1, files: 1 });
    },
  );

  test("files that are not what the catalogue says are left alone", async () => {
    const table = await world.make();
    await world.addFiles(
      table,
      Array.from({ length: 8 }, (_, index) => numbered(2, index * 2)),
    );
    const before = await world.lake.liveFiles(table.tableId);
    const donor = await world.make();
    await world.addFiles(donor, [numbered(5)]);
    const [other] = await world.lake.liveFiles(donor.tableId);
    const copy = await world.objects.fetch(other?.path ?? "", join(world.root, "copy"));
    await world.store(before[3]?.path ?? "", await readFile(copy));
    await expect(world.maintainer().compact(table)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await world.lake.liveFiles(table.tableId)).toEqual(before);
  });
});
