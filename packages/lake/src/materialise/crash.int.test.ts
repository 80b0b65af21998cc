import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { EventTable } from "@millrace/storage";

import type { Materialiser } from "./materialiser.ts";
import { auditLake } from "./testing/check-lake.ts";
import { type LakeWorld, materialiserOf, openLakeWorld } from "./testing/lake-world.ts";

const script = fileURLToPath(new URL("testing/materialise-process.ts", import.meta.url));
const leaseMs = 1_000;
const wait = { timeout: 20_000, interval: 50 };

let world: LakeWorld;
let tables: EventTable[] = [];
let children: ChildProcess[] = [];
let running: Materialiser[] = [];
beforeEach(async () => {
  world = await openLakeWorld();
  tables = [await world.addTable("acme", "a"), await world.addTable("acme", "b")];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(running.map((materialiser) => materialiser.stop()));
  children = [];
  running = [];
  await world.close();
});

function startProcess(orders: object): ChildProcess {
  const child = fork(script, [JSON.stringify({ url: world.url, root: world.root, leaseMs, ...orders })], {
    execArgv: ["--conditions=@millrace/source"],
  });
  children.push(child);
  return child;
}

async function startHere(owner: string): Promise<void> {
  const materialiser = materialiserOf(world, world.root, { owner, leaseMs });
  running.push(materialiser);
  await materialiser.start();
}

/** Publishes to both tables; answers the keys. */
async function ingest(prefix: string, count: number): Promise<readonly string[]> {
  const keys = Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
  for (const [index, table] of tables.entries())
    await world.ingest(
      table,
      keys.map((key) => `${index}${key}`),
    );
  return tables.flatMap((_, index) => keys.map((key) => `${index}${key}`));
}

const caughtUp = () =>
  vi.waitFor(async () => {
    const progress = await world.lake.progress("acme");
    expect(progress?.watermark).toBe(progress?.head);
  }, wait);

describe("a materialiser that is killed", () => {
  test.each(["claimed", "written", "intended", "uploading", "uploaded", "acked", "published"] as const)(
    "at the step %s loses no event, writes none twice, and leaves no object that nobody knows of",
    async (killAt) => {
      const first = await ingest("first", 50);
      const child = startProcess({ owner: "killed", killAt });
      const [, signal] = (await once(child, "exit")) as [unknown, string];
      expect(signal).toBe("SIGKILL");
      const second = await ingest("second", 50);
      await startHere("heir");
      await caughtUp();
      const audit = await auditLake(world, tables);
      expect(audit).toEqual({
        keys: [...first, ...second].toSorted((a, b) => (a < b ? -1 : 1)),
        dead: [],
        progress: [200, 200],
        disorder: 0,
        unknownObjects: [],
        orphans: { uploading: 1, uploaded: 2, acked: 2 }[killAt as string] ?? 0,
        missing: [],
      });
    },
  );
});

describe("a materialiser that freezes past its lease", () => {
  test.each(["written", "uploaded", "published"] as const)(
    "at the step %s publishes nothing any more when it goes on, and the range is published once",
    async (tellAt) => {
      const keys = await ingest("key", 20);
      const child = startProcess({ owner: "frozen", tellAt });
      await vi.waitFor(async () => expect(await once(child, "message")).toEqual([tellAt, undefined]), wait);
      await startHere("heir");
      await caughtUp();
      child.kill("SIGCONT");
      const more = await ingest("more", 20);
      await caughtUp();
      const audit = await auditLake(world, tables);
      expect(audit).toMatchObject({
        keys: [...keys, ...more].toSorted((a, b) => (a < b ? -1 : 1)),
        disorder: 0,
        unknownObjects: [],
        missing: [],
        progress: [80, 80],
      });
    },
  );

  test("inside of its publication keeps the others waiting, and then it is its own publication that counts", async () => {
    const keys = await ingest("key", 20);
    const child = startProcess({ owner: "frozen", tellAt: "acked" });
    await vi.waitFor(async () => expect(await once(child, "message")).toEqual(["acked", undefined]), wait);
    await startHere("heir");
    child.kill("SIGCONT");
    await caughtUp();
    expect(await auditLake(world, tables)).toMatchObject({
      keys: keys.toSorted((a, b) => (a < b ? -1 : 1)),
      disorder: 0,
      orphans: 0,
      progress: [40, 40],
    });
  });
});

test("several materialisers at once, some of them killed, write each event once", async () => {
  const all: string[] = [];
  await startHere("steady");
  for (let round = 0; round < 4; round++) {
    const child = startProcess({ owner: `round${round}` });
    await once(child, "message");
    for (let part = 0; part < 5; part++) all.push(...(await ingest(`r${round}p${part}-`, 20)));
    child.kill("SIGKILL");
  }
  await caughtUp();
  expect(await auditLake(world, tables)).toMatchObject({
    keys: all.toSorted((a, b) => (a < b ? -1 : 1)),
    dead: [],
    disorder: 0,
    unknownObjects: [],
    missing: [],
    progress: [800, 800],
  });
});
