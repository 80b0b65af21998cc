import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { Column } from "@millrace/contract";

import { type Database, createDatabase } from "../database.ts";
import { patient, type TestDatabase, testDatabase } from "../testing.ts";
import { createPostgresTableStore } from "./postgres-table-store.ts";
import type { EventTable, NewEventTable, TableStore } from "./table-store.ts";

let server: TestDatabase;
let db: Database;
let store: TableStore;

beforeAll(async () => {
  server = await testDatabase();
  db = createDatabase({ ...patient, url: server.url });
  store = createPostgresTableStore(db);
});
afterAll(async () => {
  await db.close();
  await server.close();
});

const a: Column = { fieldId: 1, name: "a", type: "int32", nullable: false, default: "7" };
const b: Column = { fieldId: 2, name: "b", type: { list: "varchar", fieldId: 3 }, nullable: true };

function newTable(more: Partial<NewEventTable> = {}): NewEventTable {
  return {
    tenantId: randomUUID(),
    name: "clicks",
    columns: [a],
    schemaMode: "strict",
    primaryKey: [1],
    sortBy: [],
    partitionBy: [{ fieldId: 1, transform: "identity" }],
    retentionDays: undefined,
    nextFieldId: 2,
    ...more,
  };
}

async function made(more: Partial<NewEventTable> = {}): Promise<EventTable> {
  const table = await store.createTable(newTable(more));
  if (table === undefined) throw new Error("taken");
  return table;
}

const logsOf = async (tenantId: string) =>
  db.query(
    {
      name: "test",
      text: "select tenant_no from millrace.event_logs join millrace.event_progress using (tenant_no) where tenant_id = $1",
    },
    [tenantId],
  );

test("a new table comes back as it was given, with a log for its tenant", async () => {
  const wanted = newTable({ retentionDays: 30 });
  const table = await store.createTable(wanted);
  expect(table).toMatchObject({ ...wanted, version: 1, system: false });
  expect(await store.findTable(wanted)).toEqual(table);
  expect(await store.tableById(table?.tableId ?? 0)).toEqual({ ...table, dropped: false });
  expect(await logsOf(wanted.tenantId)).toEqual([{ tenant_no: table?.tenantNo }]);
});

test("of many that make one name at once, also as a tenant's first, exactly one does", async () => {
  const wanted = newTable();
  const tables = await Promise.all(Array.from({ length: 8 }, () => store.createTable(wanted)));
  expect(tables.filter((table) => table !== undefined)).toHaveLength(1);
  expect(await store.tablesOf(wanted.tenantId)).toHaveLength(1);
  expect(await logsOf(wanted.tenantId)).toHaveLength(1);
});

test("tables that are made at once share the tenant's one log", async () => {
  const tenantId = randomUUID();
  const tables = await Promise.all(["t1", "t2", "t3", "t4"].map((name) => made({ tenantId, name })));
  expect(new Set(tables.map(({ tenantNo }) => tenantNo)).size).toBe(1);
  expect(new Set(tables.map(({ tableId }) => tableId)).size).toBe(4);
});

test("other columns make a new version, and the old one stays readable", async () => {
  const table = await made();
  const to = { ...table, columns: [a, b], nextFieldId: 4 };
  const changed = await store.changeTable({ tableId: table.tableId, from: table, to });
  expect(changed).toMatchObject({ version: 2, columns: [a, b], nextFieldId: 4 });
  expect(await store.findTable(table)).toEqual(changed);
  expect(await store.columnsOf(table.tableId, 1)).toEqual([a]);
  expect(await store.columnsOf(table.tableId, 2)).toEqual([a, b]);
  expect(await store.columnsOf(table.tableId, 3)).toBeUndefined();
});

test("a change that leaves the columns alone keeps the version, and still shuts out whoever has read before it", async () => {
  const table = await made();
  const change = { tableId: table.tableId, from: table, to: { ...table, schemaMode: "ignore" as const } };
  const changed = await store.changeTable(change);
  expect(changed).toMatchObject({ version: 1, schemaMode: "ignore" });
  expect(await store.changeTable(change)).toBeUndefined();
});

test("of many changes of what was read at one time, one is made", async () => {
  const table = await made();
  const changes = await Promise.all(
    Array.from({ length: 8 }, (_, days) =>
      store.changeTable({ tableId: table.tableId, from: table, to: { ...table, retentionDays: days + 1 } }),
    ),
  );
  expect(changes.filter((changed) => changed !== undefined)).toHaveLength(1);
});

test("a dropped table is gone under its name, which is free, and known by its id", async () => {
  const table = await made();
  const drops = await Promise.all([store.dropTable(table), store.dropTable(table)]);
  expect(drops.filter((dropped) => dropped !== undefined)).toHaveLength(1);
  expect(await store.findTable(table)).toBeUndefined();
  expect(await store.tableById(table.tableId)).toMatchObject({ name: table.name, dropped: true });
  expect(await store.changeTable({ tableId: table.tableId, from: table, to: table })).toBeUndefined();
  const again = await made({ tenantId: table.tenantId });
  expect(again.tableId).not.toBe(table.tableId);
  expect(again.tenantNo).toBe(table.tenantNo);
});

test("lists go by name in pages, and show only the tenant's and only those that are asked for", async () => {
  const tenantId = randomUUID();
  for (const name of ["c", "a", "b"]) await made({ tenantId, name });
  await made({ name: "a" });
  const names = async (more: object) =>
    (await store.listTables({ tenantId, limit: 10, ...more })).map(({ name }) => name);
  expect(await names({})).toEqual(["a", "b", "c"]);
  expect(await names({ limit: 2 })).toEqual(["a", "b"]);
  expect(await names({ after: "a" })).toEqual(["b", "c"]);
  expect(await names({ names: ["c", "x"] })).toEqual(["c"]);
});

test("watchers hear of every table that is made, changed or dropped", async () => {
  const heard: string[] = [];
  const watch = await store.watchTables(
    (tenantId) => heard.push(tenantId),
    () => {},
  );
  const table = await made();
  await vi.waitFor(() => expect(heard).toEqual([table.tenantId]));
  await store.changeTable({ tableId: table.tableId, from: table, to: { ...table, columns: [b], nextFieldId: 4 } });
  await vi.waitFor(() => expect(heard).toHaveLength(2));
  await store.dropTable(table);
  await vi.waitFor(() => expect(heard).toEqual([table.tenantId, table.tenantId, table.tenantId]));
  await watch.close();
});
