import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { SchemaMode } from "@millrace/contract";
import {
  type Database,
  createDatabase,
  createPostgresTableStore,
  type EventTable,
  type TableStore,
} from "@millrace/storage";
import { addTable, patient, type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { evolveTable } from "./evolve.ts";
import { inferColumns, unknownFields } from "./infer-columns.ts";
import { compileRecordValidator } from "./records/record-validator.ts";

let server: TestDatabase;
let db: Database;
let tableStore: TableStore;

beforeAll(async () => {
  server = await testDatabase();
  db = createDatabase({ ...patient, url: server.url });
  tableStore = createPostgresTableStore(db);
});
afterAll(async () => {
  await db.close();
  await server.close();
});

const make = (schemaMode: SchemaMode = "evolve") =>
  addTable(tableStore, {
    tenantId: randomUUID(),
    columns: [{ fieldId: 1, name: "id", type: "int64", nullable: false }],
    schemaMode,
    nextFieldId: 2,
  });

const evolve = (table: EventTable, ...payloads: readonly object[]) =>
  evolveTable({ tableStore }, { table, columns: inferColumns(unknownFields(table, payloads)) });

test("records with new fields fit the table that they have made", async () => {
  const table = await make();
  const record = { id: 1, a: "x", b: 1.5, c: { d: [] } };
  expect(compileRecordValidator(table).check(record)).toMatchObject({ ok: true, unknown: ["a", "b", "c"] });
  const evolved = await evolve(table, record);
  expect(evolved).toMatchObject({ version: 2, nextFieldId: 5 });
  expect(compileRecordValidator(evolved).check(record)).toEqual({ ok: true, payload: record, unknown: [] });
});

test("many that add columns at once agree: each name once, the first one's type, one id each", async () => {
  const table = await make();
  const evolved = await Promise.all(
    Array.from({ length: 8 }, (_, i) => evolve(table, { id: 1, shared: i % 2 === 0 ? 1 : "x", [`own_${i}`]: true })),
  );
  const now = await tableStore.findTable(table);
  const names = now?.columns.map(({ name }) => name) ?? [];
  expect(names.toSorted()).toEqual(["id", ...Array.from({ length: 8 }, (_, i) => `own_${i}`), "shared"]);
  expect(new Set(now?.columns.map(({ fieldId }) => fieldId)).size).toBe(names.length);
  const shared = now?.columns.find(({ name }) => name === "shared");
  for (const each of evolved) expect(each.columns.find(({ name }) => name === "shared")).toEqual(shared);
});

test("a table that is no longer to evolve is left as it is", async () => {
  const table = await make();
  await tableStore.changeTable({ tableId: table.tableId, from: table, to: { ...table, schemaMode: "strict" } });
  expect(await evolve(table, { a: 1 })).toMatchObject({ version: 1, schemaMode: "strict" });
});

test("there is an end to columns", async () => {
  const table = await make();
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 1]));
  await expect(evolve(table, many)).rejects.toMatchObject({ code: "SCHEMA_INCOMPATIBLE" });
  expect(await tableStore.findTable(table)).toMatchObject({ version: 1 });
});

test("a table that was dropped meanwhile is not found", async () => {
  const table = await make();
  await tableStore.dropTable(table);
  await expect(evolve(table, { a: 1 })).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
});
