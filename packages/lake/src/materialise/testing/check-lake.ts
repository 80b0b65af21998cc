import { join } from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";

import type { EventTable } from "@millrace/storage";

import type { LakeWorld } from "./lake-world.ts";

export interface LakeAudit {
  /** Keys of all rows of all live files, sorted: one that is there twice is twice in here. */
  readonly keys: readonly string[];
  /** Offsets of dead letters. */
  readonly dead: readonly number[];
  /** Head and watermark of the tenant's log. */
  readonly progress: readonly [head: number, watermark: number];
  /** Snapshots whose id doesn't follow on the one before, whose watermark is lower or whose time isn't later. */
  readonly disorder: number;
  /** Objects that neither a file's row nor an intent names. */
  readonly unknownObjects: readonly string[];
  /** Objects that only an intent names. */
  readonly orphans: number;
  /** Files of the catalogue without their object. */
  readonly missing: readonly string[];
}

/** Reads everything of a tenant back, and compares log, catalogue and objects. */
export async function auditLake(world: LakeWorld, tables: readonly EventTable[]): Promise<LakeAudit> {
  const { db, lake, objects, root } = world;
  const [table] = tables;
  if (table === undefined) throw new Error("There is no table");
  const { tenantId, tenantNo } = table;
  const files = (await Promise.all(tables.map(({ tableId }) => lake.liveFiles(tableId)))).flat();
  const stored: string[] = [];
  for await (const { path } of objects.list("")) stored.push(path);
  const intents = await column<string>(db, "select path as value from millrace.lake_intents");
  const known = new Set([...files.map(({ path }) => path), ...intents]);
  const progress = await lake.progress(tenantId);
  const snapshots = await db.query<{ id: number; watermark: number; time: Date }>(
    {
      name: "test",
      text: "select snapshot_id as id, watermark, snapshot_time as time from millrace.lake_snapshots where tenant_no = $1::bigint order by 1",
    },
    [tenantNo],
  );
  return {
    keys: await keysOf(files.map(({ path }) => join(root, "objects", path))),
    dead: await column<number>(
      db,
      `select event_offset as value from millrace.dead_letters where tenant_no = ${tenantNo} order by 1`,
    ),
    progress: [progress?.head ?? 0, progress?.watermark ?? 0],
    disorder: snapshots.filter((snapshot, index) => {
      const before = snapshots[index - 1] ?? { id: 0, watermark: 0, time: new Date(0) };
      return snapshot.id !== before.id + 1 || snapshot.watermark < before.watermark || snapshot.time <= before.time;
    }).length,
    unknownObjects: stored.filter((path) => !known.has(path)),
    orphans: stored.filter((path) => intents.includes(path)).length,
    missing: files.map(({ path }) => path).filter((path) => !stored.includes(path)),
  };
}

async function column<Value>(db: LakeWorld["db"], text: string): Promise<readonly Value[]> {
  return (await db.query<{ value: Value }>({ name: "test", text })).map(({ value }) => value);
}

async function keysOf(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const list = files.map((file) => `'${file}'`).join(", ");
  const result = await connection.runAndReadAll(`select _key from read_parquet([${list}]) order by 1`);
  instance.closeSync();
  return result.getRowsJson().map(([key]) => JSON.stringify(key).slice(1, -1));
}
