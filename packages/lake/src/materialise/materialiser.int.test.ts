import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { MillraceError } from "@millrace/contract";

import { createFileWriter, type FileWriter, type TableBatch } from "./file-writer.ts";
import type { Materialiser, MaterialiserOptions } from "./materialiser.ts";
import { auditLake } from "./testing/check-lake.ts";
import { type LakeWorld, materialiserOf, openLakeWorld } from "./testing/lake-world.ts";

const wait = { timeout: 20_000, interval: 30 };
/** Nothing is found by looking around: what is told must be enough. */
const noPoll = { pollMs: 3_600_000 };

let world: LakeWorld;
let running: Materialiser[] = [];
let writers: FileWriter[] = [];
beforeEach(async () => {
  world = await openLakeWorld();
});
afterEach(async () => {
  await Promise.all(running.map((materialiser) => materialiser.stop()));
  await Promise.all(writers.map((writer) => writer.close()));
  running = [];
  writers = [];
  await world.close();
});

async function start(
  options: Partial<MaterialiserOptions> = {},
  parts: Partial<LakeWorld> = {},
): Promise<Materialiser> {
  const materialiser = materialiserOf({ ...world, ...parts }, world.root, { owner: `m${running.length}`, ...options });
  running.push(materialiser);
  await materialiser.start();
  return materialiser;
}

/** A writer that looks at each batch first. */
function writerWith(look: (batch: TableBatch) => void): FileWriter {
  const writer = createFileWriter({ memoryBytes: 134_217_728, threads: 1, directory: join(world.root, "scratch") });
  writers.push(writer);
  return {
    ...writer,
    async write(batch) {
      look(batch);
      return writer.write(batch);
    },
  };
}

const keysOf = (count: number, prefix = "k") =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
const watermark = async (tenantId: string) => (await world.lake.progress(tenantId))?.watermark;
const reached = (tenantId: string, offset: number) =>
  vi.waitFor(async () => expect(await watermark(tenantId)).toBe(offset), wait);
const codes = async () =>
  (
    await world.db.query<{ code: string; path: string; key: string }>({
      name: "test",
      text: "select code, path, key from millrace.dead_letters order by event_offset",
    })
  ).map(({ code, path, key }) => [code, path, key]);

describe("events that can't be rows", () => {
  test("become dead letters in the publication that shows the others", async () => {
    const table = await world.addTable("acme", "a");
    await world.ingest(table, keysOf(5), (index) => ['{"n":"x"}', '{"n":"\\ud800"}'][index - 1] ?? `{"n":${index}}`);
    await start();
    await reached("acme", 5);
    expect(await auditLake(world, [table])).toMatchObject({
      keys: ["k0000", "k0003", "k0004"],
      dead: [2, 3],
      unknownObjects: [],
    });
    expect(await world.lake.snapshot("acme", { newest: true })).toMatchObject({ snapshotId: 1, watermark: 5 });
    expect(await codes()).toEqual([
      ["VALUE_NOT_STORABLE", "n", "k0001"],
      ["MALFORMED_PAYLOAD", "", "k0002"],
    ]);
  });

  test("of a table that is dropped are dead letters, and the watermark passes them", async () => {
    const [gone, kept] = [await world.addTable("acme", "gone"), await world.addTable("acme", "kept")];
    await world.ingest(gone, keysOf(3));
    await world.ingest(kept, keysOf(2));
    await world.tables.dropTable(gone);
    await start();
    await reached("acme", 5);
    expect(await auditLake(world, [kept])).toMatchObject({ keys: keysOf(2), dead: [1, 2, 3] });
    expect(await codes()).toEqual(keysOf(3).map((key) => ["TABLE_DROPPED", "", key]));
    expect(await world.lake.liveFiles(gone.tableId)).toEqual([]);
  });

  test("of a dropped table are dead letters up to a bound, so that a full log of them doesn't fill the database", async () => {
    const gone = await world.addTable("acme", "gone");
    await world.ingest(gone, keysOf(1_500));
    await world.tables.dropTable(gone);
    await start();
    await reached("acme", 1_500);
    expect(await codes()).toHaveLength(1_000);
  });

  test("of a table or a version that never was are dead letters", async () => {
    const table = await world.addTable("acme", "a");
    await world.ingest({ ...table, version: 9 }, ["version"]);
    await world.ingest({ ...table, tableId: 9_999 }, ["table"]);
    await start();
    await reached("acme", 2);
    expect(await codes()).toEqual([
      ["UNKNOWN_VERSION", "", "version"],
      ["UNKNOWN_TABLE", "", "table"],
    ]);
  });
});

test("events of the version before a change are written with the columns of the version after it", async () => {
  const table = await world.addTable("acme", "a");
  await world.ingest(table, ["old"]);
  const [column] = table.columns;
  const changed = await world.tables.changeTable({
    tableId: table.tableId,
    from: table,
    to: { ...table, columns: [{ ...column!, name: "renamed" }], nextFieldId: 2 },
  });
  await world.ingest(changed!, ["new"], () => '{"renamed":7}');
  await start();
  await reached("acme", 2);
  expect(await auditLake(world, [table])).toMatchObject({ keys: ["new", "old"], dead: [] });
  expect((await world.lake.liveFiles(table.tableId)).map(({ version }) => version)).toEqual([2]);
});

describe("a range that can't be written", () => {
  test("holds up its own tenant only, until the one event that is at fault is found", async () => {
    const [bad, good] = [await world.addTable("bad", "a"), await world.addTable("good", "a")];
    await world.ingest(bad, keysOf(9));
    await world.ingest(good, keysOf(9, "g"));
    let failures = 0;
    const writer = writerWith(({ events }) => {
      if (!events.some(({ key, payload }) => key === "k0004" && payload.includes('"n"'))) return;
      failures += 1;
      throw new MillraceError("INTERNAL", "It doesn't want to");
    });
    await start({ writer, isolateAfter: 2 });
    await reached("good", 9);
    await reached("bad", 9);
    expect(failures).toBeGreaterThan(2);
    expect(await auditLake(world, [good])).toMatchObject({ keys: keysOf(9, "g"), dead: [] });
    expect(await auditLake(world, [bad])).toMatchObject({
      keys: keysOf(9).filter((key) => key !== "k0004"),
      dead: [5],
    });
    expect(await codes()).toEqual([["NOT_WRITABLE", "", "k0004"]]);
  });

  test("because nothing can be written makes no event a dead letter: all of them are written once it works again", async () => {
    const table = await world.addTable("acme", "a");
    await world.ingest(table, ["only"]);
    let failures = 0;
    const writer = writerWith(() => {
      failures += 1;
      if (failures < 8) throw new MillraceError("INTERNAL", "No space left");
    });
    await start({ writer, isolateAfter: 1 });
    await reached("acme", 1);
    expect(await auditLake(world, [table])).toMatchObject({ keys: ["only"], dead: [] });
  });

  test("because the store of objects is away is written again when it is back", async () => {
    const table = await world.addTable("acme", "a");
    await world.ingest(table, keysOf(3));
    let failures = 0;
    const objects: LakeWorld["objects"] = {
      ...world.objects,
      async put(path, file) {
        failures += 1;
        if (failures < 3) throw new MillraceError("UNAVAILABLE", "The store is away");
        return world.objects.put(path, file);
      },
    };
    await start({}, { objects });
    await reached("acme", 3);
    expect(await auditLake(world, [table])).toMatchObject({
      keys: keysOf(3),
      dead: [],
      unknownObjects: [],
      missing: [],
    });
  });
});

describe("what is waiting", () => {
  test("is told, not looked for: also what comes while its tenant is being written", async () => {
    const [table, other] = [await world.addTable("acme", "a"), await world.addTable("other", "a")];
    const told = Promise.withResolvers<void>();
    let came = false;
    const bus: LakeWorld["bus"] = {
      ...world.bus,
      onPublished: (listener) =>
        world.bus.onPublished((tenantNo) => {
          listener(tenantNo);
          if (came && tenantNo === table.tenantNo) told.resolve();
        }),
    };
    const onStep: MaterialiserOptions["onStep"] = async (step, claim) => {
      if (step !== "uploaded" || came || claim.tenantId !== "acme") return;
      came = true;
      await world.ingest(table, ["second"]);
      await told.promise;
      // Its turn comes before this one's, so it was found busy when this one is through.
      await world.ingest(other, ["canary"]);
      await reached("other", 1);
    };
    await start({ ...noPoll, onStep }, { bus });
    await world.ingest(table, ["first"]);
    await reached("acme", 2);
    expect(await auditLake(world, [table])).toMatchObject({ keys: ["first", "second"], disorder: 0 });
  });

  test("from before the start is taken, in ranges of the size that is allowed, without waiting between them", async () => {
    const table = await world.addTable("acme", "a");
    await world.ingest(table, keysOf(25));
    await start({ ...noPoll, flushRows: 10 });
    await reached("acme", 25);
    expect(await world.lake.snapshot("acme", { newest: true })).toMatchObject({ snapshotId: 3 });
    expect(await auditLake(world, [table])).toMatchObject({ keys: keysOf(25), disorder: 0 });
  });

  test("of many tenants is taken, several at once", async () => {
    const tables = [];
    for (const tenant of keysOf(12, "tenant")) tables.push(await world.addTable(tenant, "a"));
    for (const table of tables) await world.ingest(table, keysOf(3));
    let busiest = 0;
    const materialiser: Materialiser = await start({
      ...noPoll,
      onStep: () => void (busiest = Math.max(busiest, materialiser?.health().busy ?? 0)),
    });
    for (const { tenantId } of tables) await reached(tenantId, 3);
    expect(busiest).toBe(2);
  });
});

test("a materialiser that stops publishes what it has begun and takes nothing more", async () => {
  const table = await world.addTable("acme", "a");
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const materialiser = await start({
    ...noPoll,
    onStep(step) {
      if (step !== "written") return undefined;
      begun.resolve();
      return goOn.promise;
    },
  });
  await world.ingest(table, keysOf(2));
  await begun.promise;
  const stopped = materialiser.stop();
  await world.ingest(table, keysOf(2, "late"));
  goOn.resolve();
  await stopped;
  expect(materialiser.health()).toMatchObject({ state: "stopped", busy: 0, publishedAt: expect.any(Date) });
  expect(await auditLake(world, [table])).toMatchObject({ keys: keysOf(2), progress: [4, 2] });
  // The lease is given up: whoever comes next needn't wait for its end.
  expect(await world.bus.claimBatch({ owner: "next", leaseMs: 1_000, limit: 10, bytesMax: 1_000_000 })).toMatchObject({
    from: 2,
    to: 4,
  });
});

test("a claim whose lease somebody else has taken publishes nothing, whatever its owner believes", async () => {
  const table = await world.addTable("acme", "a");
  await world.ingest(table, keysOf(2));
  const request = { leaseMs: 1, limit: 10, bytesMax: 1_000_000 };
  const late = await world.bus.claimBatch({ ...request, owner: "late" });
  const heir = await vi.waitFor(async () => {
    const claim = await world.bus.claimBatch({ ...request, owner: "heir" });
    expect(claim).toBeDefined();
    return claim!;
  }, wait);
  const publish = (claim: NonNullable<typeof late>) =>
    world.lake.publish({
      tenantNo: table.tenantNo,
      kind: "publish",
      batchId: crypto.randomUUID(),
      adds: [],
      ends: [],
      advance: (tx) => world.bus.ack(tx, claim),
    });
  expect(await publish(late!)).toBeUndefined();
  expect(await publish(heir)).toMatchObject({ snapshotId: 1, watermark: 2 });
  expect(await publish(heir)).toBeUndefined();
  expect(await watermark("acme")).toBe(2);
});
