import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { EventTable } from "@millrace/storage";

import { day, type MaintainWorld, openMaintainWorld } from "./testing/maintain-world.ts";
import { numberEvent } from "./testing/number-table.ts";

const script = fileURLToPath(new URL("testing/compact-process.ts", import.meta.url));

let world: MaintainWorld;
let table: EventTable;
beforeEach(async () => {
  world = await openMaintainWorld();
  table = await world.make();
  await world.addFiles(
    table,
    Array.from({ length: 10 }, (_, index) => [numberEvent(index)]),
  );
});
afterEach(() => world.close());

/** Runs a process until it kills itself. */
async function killed(work: "compact" | "expire", killAt: string): Promise<void> {
  const { tableId, tenantNo } = table;
  const orders = { url: world.url, root: world.root, tableId, tenantNo, work, killAt };
  const child = fork(script, [JSON.stringify(orders)], { execArgv: ["--conditions=@millrace/source"] });
  const [, signal] = (await once(child, "exit")) as [unknown, string];
  expect(signal).toBe("SIGKILL");
}

describe("a compactor that is killed", () => {
  test.each([
    ["written", 10, 0],
    ["intended", 10, 1],
    ["uploaded", 11, 1],
    ["published", 11, 0],
  ] as const)("at the step %s changes no row, and what it leaves is swept", async (killAt, objects, intents) => {
    const rows = await world.rowsOf(table);
    await killed("compact", killAt);
    expect(await world.rowsOf(table)).toEqual(rows);
    expect(await world.stored()).toHaveLength(objects);
    await world.maintainer().compact(table);
    expect(await world.rowsOf(table)).toEqual(rows);
    expect(await world.lake.liveFiles(table.tableId)).toHaveLength(1);
    expect(await world.maintainer().sweep(table.tenantNo)).toMatchObject({ intentsSwept: intents, objectsDeleted: 0 });
    expect(await world.stored()).toHaveLength(11);
  });
});

test("a deletion that is killed after the objects are gone is finished by the next one, and nothing else goes", async () => {
  const rows = await world.rowsOf(table);
  await world.maintainer().compact(table);
  await world.age(8 * day);
  await killed("expire", "deleted");
  expect(await world.stored()).toHaveLength(1);
  expect(await world.maintainer().expire(table.tenantNo)).toMatchObject({ filesDeleted: 10 });
  expect(await world.rowsOf(table)).toEqual(rows);
  expect(await world.maintainer().check({ tenantNo: table.tenantNo })).toMatchObject({ faults: 0 });
});
