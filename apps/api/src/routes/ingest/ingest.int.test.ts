import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { makeTable } from "../../testing/make-table.ts";
import { counts, ingestOfFile, offsetOf, problems, record } from "./ingest.test.support.ts";

const { api, post, stored } = await ingestOfFile();

describe("POST /v1/ingest/{table} with JSON", () => {
  test("202: says of each record what became of it, and where the newest is", async () => {
    const first = await post({ records: [record("a1"), record("a2", { eventTime: "2026-01-02T03:04:05+01:00" })] });
    expect([first.status, first.json["status"], ...counts(first)]).toEqual([202, "accepted", 2, 0, 0]);
    const again = await post({ records: [record("a1"), record("a3"), { idempotencyKey: "a4", payload: { n: 1 } }] });
    expect([again.status, ...counts(again)]).toEqual([202, 1, 1, 1]);
    expect(problems(again)).toEqual(["2 SCHEMA_MISMATCH payload.page"]);
    expect(offsetOf(again)).toBe(offsetOf(first) + 1);
    expect(Object.keys(await stored("a"))).toEqual(["a1", "a2", "a3"]);
  });

  test("202: a token covers what was accepted long before, duplicates alone included", async () => {
    const first = await post({ records: [record("b1"), record("b2")] });
    await post({ records: [record("b3")] });
    const again = await post({ records: [record("b2"), record("b1")] });
    expect(counts(again)).toEqual([0, 2, 0]);
    expect([again.json["status"], offsetOf(again)]).toEqual(["accepted", offsetOf(first)]);
  });

  test("202: the same key with another record is that record's error, with members in another order it is the same", async () => {
    await post({ records: [record("c1", { payload: { page: "/", n: 1 } })] });
    const again = await post({
      records: [record("c1", { payload: { n: 1.0, page: "/" } }), record("c1", { payload: { page: "/", n: 2 } })],
    });
    expect(counts(again)).toEqual([0, 1, 1]);
    expect(problems(again)).toEqual(["1 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
    expect(await stored("c1")).toEqual({ c1: '{"page":"/","n":1}' });
  });

  test("202: of the same key twice in one request the first one counts", async () => {
    const reply = await post({ records: [record("d1"), record("d1"), record("d1", { payload: { page: "/other" } })] });
    expect(counts(reply)).toEqual([1, 1, 1]);
    expect(problems(reply)).toEqual(["2 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
  });

  test("202: atomic stores all or nothing", async () => {
    const bad = await post({ atomic: true, records: [record("e1"), record("e2", { payload: {} }), record("e3")] });
    expect([bad.json["status"], bad.json["visibilityToken"], ...counts(bad)]).toEqual(["rejected", null, 0, 0, 3]);
    expect(problems(bad)).toEqual(["0 BATCH_REJECTED ", "1 SCHEMA_MISMATCH payload.page", "2 BATCH_REJECTED "]);
    expect(await stored("e")).toEqual({});
    await post({ records: [record("e4")] });
    const reused = await post({ atomic: true, records: [record("e5"), record("e4", { payload: { page: "/x" } })] });
    expect(problems(reused)).toEqual(["0 BATCH_REJECTED ", "1 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
    expect(Object.keys(await stored("e"))).toEqual(["e4"]);
    expect(counts(await post({ atomic: true, records: [record("e5"), record("e4")] }))).toEqual([1, 1, 0]);
  });

  test("202: numbers are stored as sent or refused, never bent", async () => {
    const sent = (name: string, value: string) => `{"idempotencyKey":"f${name}","payload":{"page":"/",${value}}}`;
    const body = `{"records":[${[
      sent("1", '"n":9007199254740993'),
      sent("2", '"n":-9223372036854775808'),
      sent("3", '"n":9223372036854775808'),
      sent("4", '"n":1.5'),
      sent("5", '"price":1234567890123456.7891'),
      sent("6", '"price":0.00001'),
      sent("7", '"n":"12"'),
    ].join(",")}]}`;
    const reply = await post(body);
    expect(problems(reply)).toEqual([
      "2 SCHEMA_MISMATCH payload.n",
      "3 SCHEMA_MISMATCH payload.n",
      "5 SCHEMA_MISMATCH payload.price",
      "6 SCHEMA_MISMATCH payload.n",
    ]);
    expect(await stored("f")).toEqual({
      f1: '{"page":"/","n":9007199254740993}',
      f2: '{"page":"/","n":-9223372036854775808}',
      f5: '{"page":"/","price":"1234567890123456.7891"}',
    });
  });

  test("202: every problem around the payload is named", async () => {
    const reply = await post({
      records: [
        "text",
        { payload: { page: "/" } },
        record("", {}),
        record("g\0"),
        record("g\ud800"),
        record("g".repeat(513)),
        record("g1", { op: "upsert" }),
        record("g2", { op: "replace" }),
        record("g3", { eventTime: "yesterday" }),
        record("g4", { payload: [1] }),
        record("g5", { surprise: 1 }),
        record("g6", { payload: { page: "x".repeat(256 * 1024) } }),
        record("g7", { payload: { page: "a\0" } }),
        record("g8", { payload: { page: "/", other: 1 } }),
      ],
    });
    expect([reply.status, reply.json["status"], ...counts(reply)]).toEqual([202, "rejected", 0, 0, 14]);
    expect(problems(reply)).toEqual([
      "0 VALIDATION_FAILED ",
      "1 VALIDATION_FAILED idempotencyKey",
      "2 VALIDATION_FAILED idempotencyKey",
      "3 VALIDATION_FAILED idempotencyKey",
      "4 VALIDATION_FAILED idempotencyKey",
      "5 VALIDATION_FAILED idempotencyKey",
      "6 VALIDATION_FAILED op",
      "7 VALIDATION_FAILED op",
      "8 VALIDATION_FAILED eventTime",
      "9 VALIDATION_FAILED payload",
      "10 VALIDATION_FAILED surprise",
      "11 PAYLOAD_TOO_LARGE payload",
      "12 SCHEMA_MISMATCH payload.page",
      "13 SCHEMA_MISMATCH payload.other",
    ]);
  });

  test("202: names a hundred problems and counts the rest", async () => {
    const reply = await post({ records: Array.from({ length: 150 }, () => ({})) });
    expect([reply.json.errors.length, reply.json["errorsOmitted"], reply.json["rejectedCount"]]).toEqual([
      100, 200, 150,
    ]);
  });

  test("202: an answer doesn't grow with the names that were sent", async () => {
    const long = "x".repeat(20_000);
    const records = [
      record("t1", { payload: { page: "/", [long]: 1 } }),
      record("t2", { payload: { page: "/", at: { ["a.".repeat(5_000)]: 1 } } }),
      record("t3", { [long]: 1 }),
      record("t4", { payload: { page: "/", ["a.".repeat(5_000)]: 1 } }),
    ];
    const reply = await post({ records });
    expect(counts(reply)).toEqual([0, 0, 4]);
    expect(reply.text.length).toBeLessThan(4_000);
    expect(problems(reply)[0]).toBe(`0 SCHEMA_MISMATCH payload.${"x".repeat(60)}…`);
  });

  test("202: a table with a primary key takes every op, and upserts by default", async () => {
    const user = (name: string, more: object) => ({ idempotencyKey: name, payload: { id: 1 }, ...more });
    const reply = await post(
      { records: [user("h1", {}), user("h2", { op: "insert" }), user("h3", { op: "delete" })] },
      {},
      "users",
    );
    expect(counts(reply)).toEqual([3, 0, 0]);
    const rows = await api.composition.db.query<{ op: string }>(
      { name: "test.ops", text: "select op from millrace.events where starts_with(key, 'h') order by event_offset" },
      [],
    );
    expect(rows.map(({ op }) => op)).toEqual(["upsert", "insert", "delete"]);
  });

  test("202: fifty at once with one key are one event", async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => post({ records: [record("i1")] })));
    expect(replies.filter((reply) => reply.json["acceptedCount"] === 1)).toHaveLength(1);
    expect(new Set(replies.map(offsetOf)).size).toBe(1);
  });

  test("202: takes gzip", async () => {
    const body = gzipSync(JSON.stringify({ records: [record("j1")] }));
    expect(counts(await post(body, { "content-encoding": "gzip" }))).toEqual([1, 0, 0]);
  });
});

describe("POST /v1/ingest/{table} into a table that evolves", () => {
  test("202: a record whose new fields can't be columns is refused alone, and the table grows by the others", async () => {
    await makeTable(api, { name: "growing", columns: { id: "int64" }, schemaMode: "evolve" });
    const wide = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`wide${n}`, 1]));
    const sent = (name: string, payload: object) => ({ idempotencyKey: name, payload });
    const records = [
      sent("ev1", { id: 1, Amount: 5 }),
      sent("ev2", { id: 2, amount: 6 }),
      sent("ev3", { id: 3, ...wide }),
      sent("ev4", { id: 4, city: "Bern" }),
      sent("ev5", { id: 5 }),
    ];
    const reply = await post({ records }, {}, "growing");
    expect(counts(reply)).toEqual([3, 0, 2]);
    expect(problems(reply)).toEqual(["1 SCHEMA_MISMATCH payload.amount", "2 SCHEMA_MISMATCH payload.wide498"]);
    expect(Object.keys(await stored("ev"))).toEqual(["ev1", "ev4", "ev5"]);
    const atomic = await post({ atomic: true, records: [sent("ev6", { id: 6, AMOUNT: 1 })] }, {}, "growing");
    expect(counts(atomic)).toEqual([0, 0, 1]);
  });
});
