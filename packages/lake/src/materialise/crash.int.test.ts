import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { EventTable } from "@millrace/storage";

import type { Materialiser } from "./materialiser.ts";
import { auditLake } from "./testing/check-lake.ts";
import { type LakeWorld, materialiserOf, openLakeWorld } from "./testing/lake-world.ts";

const script = fileURLToPath(new URL("testing/materialise-process.ts", import.meta.url));
const wait = { timeout: 60_000, interval: 50 };

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

/** Starts a process; `told` is what it has sent. */
function startProcess(orders: {
  readonly owner: string;
  readonly killAt?: string;
  readonly tellAt?: string;
  readonly leaseMs?: number;
}): {
  readonly child: ChildProcess;
  readonly told: readonly unknown[];
} {
  const child = fork(script, [JSON.stringify({ url: world.url, root: world.root, ...orders })], {
    execArgv: ["--conditions=@millrace/source"],
  });
  children.push(child);
  const told: unknown[] = [];
  child.on("message", (message) => told.push(message));
  return { child, told };
}

/** The leases of a process that has ended run out at once, however long they were. */
const endLeasesOf = (owner: string) =>
  world.db.query(
    { name: "test", text: "update millrace.event_progress set lease_expires_at = now() where starts_with(owner, $1)" },
    [`${owner}/`],
  );

async function startHere(owner: string): Promise<void> {
  const materialiser = materialiserOf(world, world.root, { owner });
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
      const { child } = startProcess({ owner: "killed", killAt });
      const [, signal] = (await once(child, "exit")) as [unknown, string];
      expect(signal).toBe("SIGKILL");
      await endLeasesOf("killed");
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
      const { child, told } = startProcess({ owner: "frozen", tellAt, leaseMs: 1_000 });
      await vi.waitFor(() => expect(told).toContain(tellAt), wait);
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
    const { child, told } = startProcess({ owner: "frozen", tellAt: "acked" });
    await vi.waitFor(() => expect(told).toContain("acked"), wait);
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

test("several materialisers at once, some of them killed, write each event once", { timeout: 180_000 }, async () => {
  const all: string[] = [];
  await startHere("steady");
  for (let round = 0; round < 4; round++) {
    const owner = `round${round}`;
    const { child, told } = startProcess({ owner });
    await vi.waitFor(() => expect(told).toEqual(["started"]), wait);
    for (let part = 0; part < 5; part++) all.push(...(await ingest(`r${round}p${part}-`, 20)));
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    await endLeasesOf(owner);
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
