import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { makeDeadLetter } from "../../testing/make-dead-letter.ts";
import { type MadeTable, makeTable } from "../../testing/make-table.ts";
import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;
let key: string;
let clicks: MadeTable;
let views: MadeTable;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
  ({ key } = await api.makeKey());
  clicks = await makeTable(api, { name: "clicks", columns: { n: "int64" } });
  views = await makeTable(api, { name: "views", columns: { n: "int64" } });
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const replay = (id: string, body?: unknown) => api.ask(`POST /v1/dead-letters/${id}/replay`, { key, body });
const get = (id: string) => api.ask(`GET /v1/dead-letters/${id}`, { key });

async function logged(eventKey: string) {
  return api.composition.db.query<{ payload: string; time: string }>(
    { name: "test.logged", text: "select payload, event_time::text as time from millrace.events where key = $1" },
    [eventKey],
  );
}

describe("a dead letter", () => {
  test("is listed without its payload, newest first, by table and page by page", async () => {
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(await makeDeadLetter(api, views, { payload: '{"n":1}' }));
    await makeDeadLetter(api, clicks, { payload: '{"n":1}' });
    const first = await api.ask("GET /v1/dead-letters?table=views&limit=2", { key });
    expect(first.json.items[0]).not.toHaveProperty("payload");
    const second = await api.ask(`GET /v1/dead-letters?table=views&limit=2&cursor=${first.json.nextCursor}`, { key });
    const found = [...first.json.items, ...second.json.items].map(({ id }) => id);
    expect(found).toEqual(ids.toSorted().toReversed());
    expect(second.json.nextCursor).toBeNull();
    expect((await api.ask(`GET /v1/dead-letters?cursor=${first.json.nextCursor}`, { key })).status).toBe(422);
    expect((await api.ask("GET /v1/dead-letters", { key })).json.items).toHaveLength(4);
  });

  test("shows every digit of its payload, and why it could not be written", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: '{"n":12345678901234567890.5}' });
    const reply = await get(id);
    expect(reply.text).toContain('"payload":{"n":12345678901234567890.5}');
    expect(reply.json).toMatchObject({
      id,
      table: "clicks",
      code: "lossy_number",
      path: "payload.n",
      eventTime: "2026-01-02T03:04:05.678Z",
      replayedAt: null,
    });
  });

  test("can be sent in again, once however often it is tried", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: '{"n":9007199254740993}' });
    const first = await replay(id);
    expect([first.status, first.json["acceptedCount"]]).toEqual([202, 1]);
    const again = await replay(id, {});
    expect([again.json["duplicateCount"], again.json["visibilityToken"]]).toEqual([1, first.json["visibilityToken"]]);
    expect(await logged(`replay:${id}`)).toEqual([
      { payload: '{"n":9007199254740993}', time: expect.stringContaining("03:04:05.678") },
    ]);
    expect((await get(id)).json["replayedAt"]).not.toBeNull();
  });

  test("can be corrected, digit for digit, once", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: '{"n":"x"}' });
    const refused = await replay(id);
    expect([refused.status, refused.json.code, refused.json.errors[0]?.path]).toEqual([
      422,
      "SCHEMA_MISMATCH",
      "payload.n",
    ]);
    expect((await get(id)).json["replayedAt"]).toBeNull();
    expect((await replay(id, '{"payload":{"n":9007199254740993}}')).status).toBe(202);
    expect(await logged(`replay:${id}`)).toMatchObject([{ payload: '{"n":9007199254740993}' }]);
    expect((await replay(id, { payload: { n: 2 } })).json.code).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  test("that is refused again is refused with the record's own code", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: '{"n":1}' });
    const deep = `${"[".repeat(80)}${"]".repeat(80)}`;
    const refused = await replay(id, `{"payload":{"n":${deep}}}`);
    expect([refused.status, refused.json.code]).toEqual([422, "VALIDATION_FAILED"]);
  });

  test("can't be sent into a table that is dropped", async () => {
    const gone = await makeTable(api, { name: "gone", columns: { n: "int64" } });
    const id = await makeDeadLetter(api, gone, { payload: '{"n":1}' });
    await api.composition.tables.dropTable({ tenantId: "acme", name: "gone" });
    expect((await replay(id)).json.code).toBe("INVALID_STATE");
    expect((await get(id)).json["table"]).toBeNull();
  });

  test("can be thrown away", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: "{}" });
    expect((await api.ask(`DELETE /v1/dead-letters/${id}`, { key })).status).toBe(204);
    expect((await get(id)).status).toBe(404);
    expect((await api.ask(`DELETE /v1/dead-letters/${id}`, { key })).status).toBe(404);
  });

  test("that is replayed or thrown away is in the audit log", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: '{"n":1}' });
    await replay(id);
    await api.ask(`DELETE /v1/dead-letters/${id}`, { key });
    const { json } = await api.ask("GET /v1/audit?limit=2", { key });
    expect(json.items).toMatchObject([
      { action: "deadLetter.discard", target: id },
      { action: "deadLetter.replay", target: id },
    ]);
  });

  test("is nobody else's", async () => {
    const id = await makeDeadLetter(api, clicks, { payload: "{}" });
    const other = await api.makeKey({ tenantId: "other" });
    for (const what of [
      `GET /v1/dead-letters/${id}`,
      `POST /v1/dead-letters/${id}/replay`,
      `DELETE /v1/dead-letters/${id}`,
    ]) {
      expect([what, (await api.ask(what, { key: other.key })).status]).toEqual([what, 404]);
    }
    expect((await api.ask("GET /v1/dead-letters", { key: other.key })).json.items).toEqual([]);
    expect((await get(randomUUID())).status).toBe(404);
  });
});

describe("GET /v1/lag", () => {
  test("is all zero before the first table, and grows with what is sent in", async () => {
    const { key: fresh } = await api.makeKey({ tenantId: "fresh" });
    const ask = async () => (await api.ask("GET /v1/lag", { key: fresh })).json;
    expect(await ask()).toEqual({
      head: 0,
      watermark: 0,
      pendingEvents: 0,
      pendingBytes: 0,
      oldestPendingAgeMs: null,
      publishedAt: null,
      tables: [],
    });
    await makeTable(api, { tenantId: "fresh", name: "clicks", columns: { n: "int64" } });
    const records = [1, 2].map((n) => ({ idempotencyKey: `${n}`, payload: { n } }));
    await api.ask("POST /v1/ingest/clicks", { key: fresh, body: { records } });
    expect(await ask()).toMatchObject({ head: 2, watermark: 0, pendingEvents: 2, pendingBytes: 14 });
    expect((await ask())["oldestPendingAgeMs"]).toBeGreaterThanOrEqual(0);
  });
});
