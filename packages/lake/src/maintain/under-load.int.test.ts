import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { isMillraceError } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { materialiserOf } from "../materialise/testing/lake-world.ts";
import { createQueryEngine } from "../query/create-query-engine.ts";
import type { QueryEngine } from "../query/query-types.ts";
import { type MaintainWorld, openMaintainWorld } from "./testing/maintain-world.ts";

let world: MaintainWorld;
let engine: QueryEngine;
beforeAll(async () => {
  world = await openMaintainWorld();
  engine = createQueryEngine({ children: 2, threads: 1, memoryBytes: 134_217_728, timeoutMsMax: 20_000 });
});
afterAll(async () => {
  await engine.close();
  await world.close();
});

/** One value that a query over a snapshot of the table answers, with the snapshot's watermark. */
async function ask(table: EventTable, sql: string): Promise<{ readonly watermark: number; readonly value: unknown }> {
  const snapshot = await world.lake.snapshot("acme", { newest: true });
  if (snapshot === undefined) throw new Error("There is no snapshot");
  const files = await world.lake.filesOf(snapshot, [table.tableId]);
  const localPaths = await Promise.all(files.map(({ path }) => world.objects.fetch(path, "")));
  const { body } = await engine.run({
    tables: [{ ...table, schema: "main", files: localPaths.map((localPath) => ({ localPath, version: 1 })) }],
    sql,
    timeoutMs: 20_000,
    rowLimit: 10,
    bytesMax: 100_000,
    format: "json",
  });
  const rows = JSON.parse((await body.toArray()).join("")) as readonly (readonly unknown[])[];
  return { watermark: snapshot.watermark, value: rows[0] };
}

test("queries answer what their snapshot's watermark says, while events come in, files are merged and old ones are deleted", async () => {
  const table = await world.make();
  const materialiser = materialiserOf(world, world.root, { owner: "writer", flushMs: 10 });
  await materialiser.start();
  const graceMs = 5_000;
  const maintainer = world.maintainer({ snapshotRetentionMs: 500, graceMs });
  const stop = new AbortController();
  const until = async (step: () => Promise<void>) => {
    while (!stop.signal.aborted) await step();
  };
  let events = 0;
  let merges = 0;
  let queries = 0;
  let deleted = 0;
  const loops = [
    until(async () => {
      await world.ingest(
        table,
        [1, 2, 3].map((part) => `k${events}-${part}`),
        (index) => `{"n":${events + index + 1}}`,
      );
      events += 3;
      await delay(5);
    }),
    until(async () => {
      merges += (await maintainer.compact(table)).merges;
      await delay(200);
    }),
    until(async () => {
      deleted += (await maintainer.expire(table.tenantNo)).filesDeleted;
      await maintainer.sweep(table.tenantNo);
      await delay(300);
    }),
    ...[1, 2].map(() =>
      until(async () => {
        const sql = `select count(*), sum(n), count(distinct _offset) from ${table.name}`;
        const startMs = performance.now();
        const answer = await ask(table, sql).catch((error: unknown) => {
          // The snapshot, or its last file, went between two steps of ours: that is refused, and never answered with fewer rows.
          if (isMillraceError(error, "SNAPSHOT_EXPIRED") || isMillraceError(error, "NOT_FOUND")) return undefined;
          // Who takes longer than the grace may lose files while it reads.
          if (isMillraceError(error, "UNAVAILABLE") && performance.now() - startMs > graceMs) return undefined;
          throw error;
        });
        if (answer === undefined) return;
        const { watermark, value } = answer;
        expect(value).toEqual([watermark, watermark === 0 ? null : (watermark * (watermark + 1)) / 2, watermark]);
        queries++;
      }),
    ),
  ];
  const enough = vi.waitFor(
    () => {
      expect(merges).toBeGreaterThan(5);
      expect(queries).toBeGreaterThan(30);
      expect(deleted).toBeGreaterThan(20);
    },
    { timeout: 240_000, interval: 200 },
  );
  try {
    await Promise.race([enough, Promise.all(loops)]);
  } finally {
    stop.abort();
  }
  await Promise.all(loops);
  await materialiser.stop();
  // What came since the last merge is merged too; then there are as few files as a tier has, and not one for each batch.
  expect((await maintainer.compact(table)).files).toBeLessThan(50);
  expect(await maintainer.check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0 });
}, 300_000);
