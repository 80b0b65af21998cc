import { expect, test } from "vitest";

import type { EventTable, TableRef } from "@millrace/storage";

import { createTableCache, type TableCacheOptions } from "./table-cache.ts";

const tableOf = ({ tenantId, name }: TableRef, version = 1): EventTable => ({
  tableId: 1,
  tenantNo: 1,
  tenantId,
  name,
  version,
  columns: [],
  schemaMode: "strict",
  primaryKey: [],
  sortBy: [],
  partitionBy: [],
  retentionDays: undefined,
  system: false,
  createdAt: new Date(0),
  updatedAt: new Date(version),
  nextFieldId: 1,
});

/** A cache over tables whose version the test sets, with a clock and notifications of its own. */
async function rig(options: Partial<TableCacheOptions> = {}) {
  const state = { nowMs: 0, version: 1, reads: [] as string[], fails: false, gate: Promise.resolve() };
  let change: (tenantId: string) => void = () => {};
  let connect: (connected: boolean) => void = () => {};
  const cache = await createTableCache({
    store: {
      async findTable(ref) {
        state.reads.push(ref.name);
        const { version } = state;
        await state.gate;
        if (state.fails) throw new Error("away");
        return ref.name.startsWith("no") ? undefined : tableOf(ref, version);
      },
      async watchTables(onChange, onState) {
        change = onChange;
        connect = onState;
        return { close: async () => {} };
      },
    },
    now: () => state.nowMs,
    ...options,
  });
  const version = async (name: string, tenantId = "acme") => (await cache.find(tenantId, name))?.version;
  return { state, cache, version, change: (tenantId: string) => change(tenantId), connect: () => connect(false) };
}

test("tables, and names without one, are asked for once", async () => {
  const { state, cache } = await rig();
  expect(await cache.find("acme", "a")).toBe(await cache.find("acme", "a"));
  expect(await cache.find("acme", "none")).toBeUndefined();
  expect(await cache.find("acme", "none")).toBeUndefined();
  expect(state.reads).toEqual(["a", "none"]);
});

test("a change that is told is seen by the next find, of that tenant alone", async () => {
  const { state, version, change } = await rig();
  await version("a");
  await version("a", "other");
  state.version = 2;
  change("acme");
  expect(await version("a")).toBe(2);
  expect(await version("a", "other")).toBe(1);
});

test("without notifications nothing is older than ten seconds, and a lost connection ends all of it", async () => {
  const { state, version, connect } = await rig();
  await version("a");
  state.version = 2;
  state.nowMs = 9_999;
  expect(await version("a")).toBe(1);
  state.nowMs = 10_000;
  expect(await version("a")).toBe(2);
  state.version = 3;
  connect();
  expect(await version("a")).toBe(3);
});

test("what was read while a change was told is not remembered", async () => {
  const { state, version, change } = await rig();
  let open = () => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const stale = version("a");
  state.version = 2;
  change("acme");
  open();
  expect(await stale).toBe(1);
  expect(await version("a")).toBe(2);
});

test("a table that is read again unchanged stays the same object", async () => {
  const { state, cache } = await rig();
  const before = await cache.find("acme", "a");
  state.nowMs = 10_000;
  expect(await cache.find("acme", "a")).toBe(before);
  expect(state.reads).toEqual(["a", "a"]);
});

test("a failed read is not remembered", async () => {
  const { state, version } = await rig();
  state.fails = true;
  await expect(version("a")).rejects.toThrow("away");
  state.fails = false;
  expect(await version("a")).toBe(1);
});

test("no more tables are remembered than there is room for, those used last", async () => {
  const { state, version } = await rig({ tablesMax: 2 });
  for (const name of ["a", "b", "a", "c", "a", "b"]) await version(name);
  expect(state.reads).toEqual(["a", "b", "c", "b"]);
});
