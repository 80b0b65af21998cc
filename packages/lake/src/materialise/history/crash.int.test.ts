import { fork } from "node:child_process";
import { once } from "node:events";

import { afterAll, describe, expect, test } from "vitest";

import { auditLake } from "../testing/check-lake.ts";
import type { HistoryStep } from "./history-exporter.ts";
import { type HistoryWorld, openHistoryWorld } from "./testing/history-world.ts";

const world = await openHistoryWorld();
afterAll(() => world.close());

function startExporter(orders: {
  readonly owner: string;
  readonly killAt?: HistoryStep;
  readonly freezeAt?: HistoryStep;
}) {
  const { url, root } = world;
  return fork(new URL("testing/export-process.ts", import.meta.url), [JSON.stringify({ url, root, ...orders })], {
    execArgv: ["--conditions=@millrace/source"],
  });
}

async function idsOf({ read }: HistoryWorld, tenantId: string): Promise<readonly string[]> {
  return (await read<{ id: string }>(tenantId, "select id from jobs order by id")).map(({ id }) => id);
}

const steps: readonly HistoryStep[] = [
  "taken",
  "copied",
  "written",
  "intended",
  "uploaded",
  "allowed",
  "published",
  "ended",
];

describe("of an exporter that ends as by kill -9", () => {
  test.each(steps)("when it has %s, every job of every tenant is in the lake once after the next one", async (step) => {
    const tenants = [`${step}-a`, `${step}-b`];
    const ids = await Promise.all(tenants.map((tenantId) => world.complete(tenantId, 20)));
    const [, signal] = (await once(startExporter({ owner: `killed-${step}`, killAt: step }), "exit")) as [
      number,
      string,
    ];
    expect(signal).toBe("SIGKILL");
    const next = world.exporter(`next-${step}`);
    while ((await next.step()) !== "nothing");
    for (const [at, tenantId] of tenants.entries()) {
      expect(await idsOf(world, tenantId)).toEqual(ids[at]?.toSorted());
      const tables = await world.tables.tablesOf(tenantId);
      const { disorder, unknownObjects, missing, progress } = await auditLake(world, tables);
      expect(unknownObjects.filter((path) => path.startsWith(`${tables[0]?.tenantNo}/`))).toEqual([]);
      expect({ disorder, missing, progress }).toEqual({ disorder: 0, missing: [], progress: [0, 0] });
    }
  });

  test.each(["taken", "copied", "written", "uploaded"] as const)(
    "what one that slept since it had %s wakes up to is published by others, and it adds nothing",
    async (step) => {
      const tenantId = `frozen-${step}`;
      const ids = await world.complete(tenantId, 20);
      const frozen = startExporter({ owner: tenantId, freezeAt: step });
      expect((await once(frozen, "message"))[0]).toBe(step);
      const next = world.exporter(`next-of-${step}`);
      while ((await next.step()) !== "nothing");
      const more = await world.complete(tenantId, 5);
      const answered = once(frozen, "message");
      frozen.kill("SIGCONT");
      await answered;
      while ((await next.step()) !== "nothing");
      expect(await idsOf(world, tenantId)).toEqual([...ids, ...more].toSorted());
    },
  );
});
