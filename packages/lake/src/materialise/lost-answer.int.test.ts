import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createDatabase, type Database, type EventTable } from "@millrace/storage";
import { patient, startTcpProxy, type TcpProxy } from "@millrace/storage/testing";

import type { Materialiser } from "./materialiser.ts";
import { auditLake } from "./testing/check-lake.ts";
import { type LakeWorld, materialiserOf, openLakeWorld, partsOf } from "./testing/lake-world.ts";

let world: LakeWorld;
let proxy: TcpProxy;
let db: Database;
let table: EventTable;
let materialiser: Materialiser | undefined;
beforeEach(async () => {
  world = await openLakeWorld();
  proxy = await startTcpProxy({ port: Number(new URL(world.url).port) });
  db = createDatabase({ ...patient, url: proxy.through(world.url) });
  table = await world.addTable("acme", "a");
});
afterEach(async () => {
  proxy.heal();
  await materialiser?.stop();
  await db.close({ graceMs: 0 });
  await proxy.close();
  await world.close();
});

const keys = Array.from({ length: 30 }, (_, index) => `key${String(index).padStart(2, "0")}`);

/** Starts a materialiser whose first COMMIT of a publication meets `spoil`; what is answered to it, and how many batches and uploads there were, is gathered. */
async function start(
  spoil: () => void,
): Promise<{ readonly answers: readonly string[]; readonly tries: () => readonly number[] }> {
  const parts = partsOf(db, world.root);
  const answers: string[] = [];
  const batches = new Set<string>();
  let isSpoilt = false;
  let puts = 0;
  materialiser = materialiserOf(
    {
      ...parts,
      lake: {
        ...parts.lake,
        async publish(change) {
          batches.add(change.batchId);
          try {
            const snapshot = await parts.lake.publish(change);
            answers.push(snapshot === undefined ? "refused" : "published");
            return snapshot;
          } catch (error) {
            answers.push("unknown");
            throw error;
          }
        },
      },
      objects: {
        ...parts.objects,
        put(path, file) {
          puts += 1;
          return parts.objects.put(path, file);
        },
      },
    },
    world.root,
    {
      owner: "cut",
      onStep(step) {
        if (step !== "acked" || isSpoilt) return;
        isSpoilt = true;
        spoil();
      },
    },
  );
  await materialiser.start();
  return { answers, tries: () => [batches.size, puts] };
}

async function finish(): Promise<void> {
  await vi.waitFor(async () => expect((await world.lake.progress("acme"))?.watermark).toBe(keys.length), {
    timeout: 40_000,
  });
  await vi.waitFor(() => expect(materialiser?.health().busy).toBe(0));
  expect(await auditLake(world, [table])).toEqual({
    keys,
    dead: [],
    progress: [keys.length, keys.length],
    disorder: 0,
    unknownObjects: [],
    orphans: 0,
    missing: [],
  });
}

const isCommit = (chunk: Buffer): boolean => chunk.includes("commit");
/** Other connections are answered meanwhile. */
const isCommitted = (chunk: Buffer): boolean => chunk.includes("COMMIT");

test("a publication that was committed and whose answer is lost is found by its batch id, and not done again", async () => {
  await world.ingest(table, keys);
  const { answers, tries } = await start(() => {
    let isSent = false;
    proxy.watch((direction, chunk) => {
      if (direction === "to server") isSent ||= isCommit(chunk);
      else if (isSent && isCommitted(chunk)) {
        proxy.watch(undefined);
        setImmediate(() => proxy.cut());
        return false;
      }
      return true;
    });
  });
  await finish();
  expect(answers).toEqual(["unknown", "refused"]);
  // It knows that it was its own publication.
  expect(materialiser?.health().publishedAt).toBeDefined();
  expect(tries()).toEqual([1, 1]);
  expect(await world.lake.snapshot("acme", { newest: true })).toMatchObject({ snapshotId: 1, watermark: keys.length });
});

test("a publication whose COMMIT never arrived is done again with the same files", async () => {
  await world.ingest(table, keys);
  const { answers, tries } = await start(() => {
    proxy.watch((direction, chunk) => {
      if (direction === "to client" || !isCommit(chunk)) return true;
      proxy.watch(undefined);
      setImmediate(() => proxy.cut());
      return false;
    });
  });
  await finish();
  expect(answers).toEqual(["unknown", "published"]);
  expect(tries()).toEqual([1, 1]);
});

test("a database that is away for a while is waited for, and the events are written when it is back", async () => {
  await world.ingest(table, keys);
  const { answers } = await start(() => {
    proxy.cut();
    proxy.watch(() => false);
    setTimeout(() => {
      proxy.heal();
      proxy.cut();
    }, 1_000);
  });
  await finish();
  expect(answers[0]).toBe("unknown");
});
