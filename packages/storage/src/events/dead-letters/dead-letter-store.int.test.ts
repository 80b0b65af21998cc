import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { makeLog } from "../events.test.support.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";
import { createPostgresDeadLetterStore } from "./postgres-dead-letter-store.ts";

let db: TestDatabase;
let store: DeadLetterStore;
let tenantNo: number;
let offset = 0;
const absent = uuidv7();
beforeAll(async () => {
  db = await testDatabase();
  store = createPostgresDeadLetterStore(db.database);
  tenantNo = await makeLog(db.database);
});
afterAll(() => db.close());

const run = <Row>(text: string, parameters: readonly (number | string | null)[]) =>
  db.database.query<Row>({ name: "test", text }, parameters);

async function addTable(tenantId: string, name: string): Promise<number> {
  const [row] = await run<{ id: number }>(
    `insert into millrace.event_tables (tenant_no, tenant_id, name, schema_mode, next_field_id) values ($1, $2, $3, 'strict', 1) returning table_id as id`,
    [tenantNo, tenantId, name],
  );
  return row!.id;
}

async function addLetter(tenantId: string, tableId: number, payload = "{}"): Promise<string> {
  const id = uuidv7();
  await run(
    `insert into millrace.dead_letters (id, tenant_id, tenant_no, table_id, event_offset, version, op, key, payload, ingested_at, code, path, message)
values ($1::uuid, $2, $3, $4, $5, 1, 'insert', 'key', $6, '2026-01-02 03:04:05Z', 'WRONG_TYPE', 'a.b', 'Not a number.')`,
    [id, tenantId, tenantNo, tableId, ++offset, payload],
  );
  return id;
}

test("letters are listed newest first, page by page, of some tables or of all", async () => {
  const [one, two] = [await addTable("acme", "one"), await addTable("acme", "two")];
  const ids = [await addLetter("acme", one), await addLetter("acme", two), await addLetter("acme", one)].toReversed();
  const idsOf = async (filter: Partial<Parameters<DeadLetterStore["listDeadLetters"]>[0]>) =>
    (await store.listDeadLetters({ tenantId: "acme", limit: 10, ...filter })).map(({ id }) => id);
  expect(await idsOf({})).toEqual(ids);
  expect(await idsOf({ limit: 2 })).toEqual(ids.slice(0, 2));
  expect(await idsOf({ limit: 2, beforeId: ids[1] })).toEqual(ids.slice(2));
  expect(await idsOf({ tables: ["two"] })).toEqual([ids[1]]);
  expect(await idsOf({ tables: [] })).toEqual([]);
  expect(await idsOf({ tenantId: "another" })).toEqual([]);
});

test("a letter is found with its payload as it was accepted, digit for digit", async () => {
  const tableId = await addTable("digits", "t");
  const payload = `{"n": 12345678901234567890.10}`;
  const id = await addLetter("digits", tableId, payload);
  expect(await store.findDeadLetter({ tenantId: "digits", id })).toEqual({
    id,
    tenantId: "digits",
    tenantNo,
    tableId,
    table: "t",
    offset,
    version: 1,
    op: "insert",
    key: "key",
    payload,
    eventTime: null,
    ingestedAt: new Date("2026-01-02T03:04:05Z"),
    code: "WRONG_TYPE",
    path: "a.b",
    message: "Not a number.",
    createdAt: expect.any(Date) as Date,
    replayedAt: null,
  });
});

test("a letter outlives its table, and then names none", async () => {
  const tableId = await addTable("dropped", "t");
  const id = await addLetter("dropped", tableId);
  await run("update millrace.event_tables set dropped_at = now() where table_id = $1", [tableId]);
  expect((await store.findDeadLetter({ tenantId: "dropped", id }))?.table).toBeNull();
  expect(await store.listDeadLetters({ tenantId: "dropped", limit: 1 })).toMatchObject([{ id, table: null }]);
});

test("a replay is remembered, and a letter can be discarded once; another tenant's is not there", async () => {
  const id = await addLetter("acme2", await addTable("acme2", "t"));
  const ref = { tenantId: "acme2", id };
  expect(await store.markReplayed({ tenantId: "another", id })).toBe(false);
  expect(await store.deleteDeadLetter({ tenantId: "another", id })).toBe(false);
  expect(await store.findDeadLetter({ tenantId: "another", id })).toBeUndefined();
  expect(await store.markReplayed(ref)).toBe(true);
  expect((await store.findDeadLetter(ref))?.replayedAt).toEqual(expect.any(Date));
  expect(await store.deleteDeadLetter(ref)).toBe(true);
  expect(await store.deleteDeadLetter(ref)).toBe(false);
  expect(await store.markReplayed({ tenantId: "acme2", id: absent })).toBe(false);
});
