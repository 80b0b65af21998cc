import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { LoggedEvent, NewEvent } from "@millrace/bus";
import type { Column, ColumnType } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";
import { addTable } from "@millrace/storage/testing";

import { createFileWriter } from "../file-writer.ts";
import { materialiserOf, openLakeWorld } from "./lake-world.ts";

// Rates of the file writer, and of events from the log to a snapshot, on this machine:
// node --conditions=@millrace/source packages/lake/src/materialise/testing/measure.ts
const rounds = 5;
const types: readonly ColumnType[] = [
  "int64",
  "varchar",
  "varchar",
  "varchar",
  "timestamp",
  "float64",
  "int32",
  "boolean",
];
const columns: readonly Column[] = types.map((type, index) => ({
  fieldId: index + 1,
  name: `c${index}`,
  type,
  nullable: true,
}));

const payload = (n: number): string =>
  JSON.stringify({
    c0: n,
    c1: `name ${n % 1_000}`,
    c2: `https://example.com/${n % 5_000}/page`,
    c3: `city ${n % 50}`,
    c4: new Date(1_770_000_000_000 + n * 1_000).toISOString(),
    c5: n / 7,
    c6: n % 10 === 0 ? null : n % 100_000,
    c7: n % 2 === 0,
  });

const world = await openLakeWorld();
const table = await addTable(world.tables, { tenantId: "measured", columns });
for (const count of [1_000, 10_000, 100_000]) await measureWriter(table, count);
await measureThroughput(table, 200, 1_000);
await measureDrain(table, 200, 1_000);
await measureVisibility(table, 100);
await world.close();

async function measureWriter(of: EventTable, count: number): Promise<void> {
  const writer = createFileWriter({ memoryBytes: 536_870_912, threads: 2, directory: join(world.root, "measure") });
  const events = Array.from({ length: count }, (_, index): LoggedEvent => ({
    offset: index + 1,
    tableId: of.tableId,
    version: 1,
    op: "insert",
    key: `key-${index}`,
    payload: payload(index),
    eventTime: undefined,
    ingestedAt: new Date(),
  }));
  const took: number[] = [];
  let cpuMicros = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    const { files } = await writer.write({ table: of, versions: new Map([[1, columns]]), events });
    const { user, system } = process.cpuUsage(before);
    cpuMicros = Math.min(cpuMicros, user + system);
    if (round > 0) took.push(performance.now() - startMs);
    await Promise.all(files.map(({ file }) => rm(file)));
  }
  await writer.close();
  const medianMs = took.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
  report(`encode ${count} events`, medianMs, count);
  process.stdout.write(`  CPU of the best round: ${(cpuMicros / count).toFixed(1)} µs an event\n`);
}

async function publishBatch(of: EventTable, batch: number, size: number): Promise<void> {
  const events = Array.from({ length: size }, (_, index): NewEvent => ({
    tableId: of.tableId,
    version: 1,
    op: "insert",
    key: `${batch}-${index}-${randomUUID()}`,
    payload: payload(batch * size + index),
    payloadHash: randomUUID(),
    eventTime: undefined,
  }));
  await world.bus.publish(of.tenantNo, events);
}

async function measureThroughput(of: EventTable, batches: number, size: number): Promise<void> {
  const materialiser = materialiserOf(world, world.root, { owner: "measure", flushMs: 250, pollMs: 1_000 });
  await materialiser.start();
  const startMs = performance.now();
  for (let batch = 0; batch < batches; batch += 2) {
    await Promise.all([publishBatch(of, batch, size), publishBatch(of, batch + 1, size)]);
  }
  const publishedMs = performance.now() - startMs;
  await caughtUp(of);
  report(`log ${batches} batches of ${size}`, publishedMs, batches * size);
  report(`log to snapshot, ${batches} batches of ${size}`, performance.now() - startMs, batches * size);
  process.stdout.write(`${(await world.lake.snapshot(of.tenantId, { newest: true }))?.snapshotId} snapshots\n`);
  await materialiser.stop();
}

/** How fast a log that waits already is carried into the lake. */
async function measureDrain(of: EventTable, batches: number, size: number): Promise<void> {
  for (let batch = 0; batch < batches; batch += 1) await publishBatch(of, batch, size);
  const materialiser = materialiserOf(world, world.root, { owner: "drain", pollMs: 1_000 });
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  await materialiser.start();
  await caughtUp(of);
  const { user, system } = process.cpuUsage(before);
  report(`drain ${batches * size} waiting events`, performance.now() - startMs, batches * size);
  process.stdout.write(`  CPU of this process: ${((user + system) / (batches * size)).toFixed(1)} µs an event\n`);
  await materialiser.stop();
}

async function caughtUp(of: EventTable): Promise<void> {
  let left = true;
  while (left) {
    await delay(5);
    const progress = await world.lake.progress(of.tenantId);
    left = progress?.watermark !== progress?.head;
  }
}

async function measureVisibility(of: EventTable, samples: number): Promise<void> {
  const materialiser = materialiserOf(world, world.root, { owner: "visible", flushMs: 250, pollMs: 1_000 });
  await materialiser.start();
  const seen = new Map<number, () => void>();
  const watch = await world.lake.watchSnapshots(
    ({ watermark }) => {
      for (const [offset, tell] of seen) if (offset <= watermark) tell();
    },
    () => undefined,
  );
  const took: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    await publishBatch(of, 10_000 + sample, 1);
    const startMs = performance.now();
    const offset = (await world.lake.progress(of.tenantId))?.head ?? 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.set(offset, resolve);
    if (((await world.lake.progress(of.tenantId))?.watermark ?? 0) < offset) await promise;
    seen.delete(offset);
    took.push(performance.now() - startMs);
  }
  await watch.close();
  await materialiser.stop();
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (samples - 1))] ?? 0);
  process.stdout.write(
    `visible after commit, one event at a time: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms\n`,
  );
}

function report(what: string, ms: number, count: number): void {
  process.stdout.write(`${what}: ${Math.round(ms)} ms, ${Math.round((count / ms) * 1_000)} events/s\n`);
}
